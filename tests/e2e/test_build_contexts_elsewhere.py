"""Contexts at addresses and in OCI layouts, named or not, by docker buildx and our own client."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import engines
from support.served import publish_repository, serving

_PORT = 8131
_ADDRESS = f"http://127.0.0.1:{_PORT}"
_BOXSHIP = str(Path(sys.executable).with_name("boxship"))
Build = Callable[..., str]


@pytest.fixture(params=["docker", "boxship"])
def build(
    request: pytest.FixtureRequest, boxship_daemon: engines.Engine, tmp_path: Path
) -> Iterator[Build]:
    """Build with plain progress; what was said."""
    program = ["docker", "buildx"] if request.param == "docker" else [_BOXSHIP]
    environment = {**os.environ, "DOCKER_HOST": boxship_daemon.host}
    environment["DOCKER_CONFIG"] = str(tmp_path / "config")

    def run(*words: str | Path, stdin: str = "", fails: bool = False) -> str:
        done = subprocess.run(
            [*program, "build", "--progress", "plain", "-t", "contexts:1", *map(str, words)],
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert bool(done.returncode) == fails, done.stderr
        return done.stderr

    before = set(boxship_daemon.docker("images", "-aq").stdout.split())
    yield run
    made = set(boxship_daemon.docker("images", "-aq").stdout.split()) - before
    boxship_daemon.docker("rmi", "-f", "contexts:1", *made, check=False)


@pytest.fixture(scope="module")
def served(
    boxship_daemon: engines.Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The root of an HTTP server beside the daemon."""
    root = tmp_path_factory.mktemp("served")
    work = root / "work"
    (work / "sub").mkdir(parents=True)
    for directory in (work, work / "sub"):
        (directory / "Dockerfile").write_text("FROM busybox\nCOPY . /all/\n")
        (directory / "who").write_text(directory.name)
    publish_repository(work)
    with tarfile.open(root / "context.tar.gz", "w:gz") as tar:
        for name in ("Dockerfile", "who"):
            tar.add(work / name, name)
    with serving(boxship_daemon, root, _PORT):
        yield root


def _shown(engine: engines.Engine, command: str) -> str:
    return engine.docker("run", "--rm", "contexts:1", "sh", "-c", command).stdout


@pytest.mark.parametrize(
    ("path", "who"),
    [("/context.tar.gz", "work"), ("/repo.git", "work"), ("/repo.git#main:sub", "sub")],
)
def test_a_context_at_an_address(
    boxship_daemon: engines.Engine, served: Path, build: Build, path: str, who: str
) -> None:
    build(_ADDRESS + path)
    assert _shown(boxship_daemon, "cat /all/who; ls -d /all/.git || true") == who


def test_a_repository_keeps_its_history_when_asked(
    boxship_daemon: engines.Engine, served: Path, build: Build
) -> None:
    build("--build-arg", "BUILDKIT_CONTEXT_KEEP_GIT_DIR=1", f"{_ADDRESS}/repo.git")
    assert _shown(boxship_daemon, "cat /all/.git/HEAD") != ""


def test_a_dockerfile_of_our_own_for_a_context_at_an_address(
    boxship_daemon: engines.Engine, served: Path, build: Build
) -> None:
    build("-f", "-", f"{_ADDRESS}/context.tar.gz", stdin="FROM busybox\nCOPY who /mine\n")
    assert _shown(boxship_daemon, "cat /mine") == "work"


def test_addresses_by_name(
    boxship_daemon: engines.Engine, served: Path, build: Build, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM busybox\nCOPY --from=web . /web/\nCOPY --from=repo who /who\n"
        "RUN --mount=from=sub,target=/m cp /m/who /sub\n"
    )
    named = {
        "web": f"{_ADDRESS}/context.tar.gz",
        "repo": f"{_ADDRESS}/repo.git",
        "sub": f"{_ADDRESS}/repo.git#main:sub",
    }
    words = [w for name, value in named.items() for w in ("--build-context", f"{name}={value}")]
    build(*words, tmp_path)
    # BuildKit unpacks no archive that comes under a name.
    assert (
        _shown(boxship_daemon, "ls /web; cat /who; echo; cat /sub") == "context.tar.gz\nwork\nsub"
    )


def test_an_image_in_a_layout(boxship_daemon: engines.Engine, build: Build, tmp_path: Path) -> None:
    source, layout = tmp_path / "source", tmp_path / "layout"
    source.mkdir()
    layout.mkdir()
    (source / "Dockerfile").write_text("FROM busybox\nRUN echo laid out > /mark\n")
    archive = tmp_path / "archive"
    command = [_BOXSHIP, "build", "-q", "-t", "x:tagged", "-o", f"type=oci,dest={archive}", source]
    environment = {**os.environ, "DOCKER_HOST": boxship_daemon.host}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    with tarfile.open(archive) as tar:
        tar.extractall(layout, filter="data")
    (source / "Dockerfile").write_text("FROM base\nRUN cp /mark /copied\n")
    build("--build-context", f"base=oci-layout://{layout}:tagged", source)
    assert _shown(boxship_daemon, "cat /copied") == "laid out\n"
    # What is in the layout is checked.
    index = json.loads((layout / "index.json").read_text())
    digest = index["manifests"][0]["digest"]
    (layout / "blobs" / "sha256" / digest.partition(":")[2]).write_text("{}")
    said = build("--build-context", f"base=oci-layout://{layout}@{digest}", source, fails=True)
    assert "has another content" in said


def test_a_stage_begins_with_a_directory(
    boxship_daemon: engines.Engine, build: Build, tmp_path: Path
) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "kept").write_text("1")
    (base / "left-out").write_text("2")
    (base / ".dockerignore").write_text("left-out\n")
    (tmp_path / "Dockerfile").write_text("FROM base AS dir\nFROM busybox\nCOPY --from=dir / /d/\n")
    build("--build-context", f"base={base}", tmp_path)
    assert _shown(boxship_daemon, "ls -A /d") == ".dockerignore\nkept\n"


def test_arguments_that_speak_to_the_builder(
    boxship_daemon: engines.Engine, build: Build, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM busybox\nARG TARGETSTAGE\nRUN hostname > /host; echo $TARGETSTAGE > /stage\n"
        "RUN --mount=type=cache,target=/c,id=names ls /c > /seen; touch /c/$(cat /host)\n"
    )
    for name in ("one", "two", "one"):
        arguments = [f"BUILDKIT_SANDBOX_HOSTNAME={name}", f"BUILDKIT_CACHE_MOUNT_NS={name}"]
        words = [word for argument in arguments for word in ("--build-arg", argument)]
        said = build("--no-cache", *words, tmp_path)
        assert "not consumed" not in said
        assert _shown(boxship_daemon, "cat /host /stage") == f"{name}\ndefault\n"
    assert _shown(boxship_daemon, "cat /seen") == "one\n"
    boxship_daemon.docker("builder", "prune", "-af")
    build(tmp_path)
    assert _shown(boxship_daemon, "cat /host") == "buildkitsandbox\n"


def test_a_context_takes_the_place_of_a_stage(
    boxship_daemon: engines.Engine, build: Build, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "made").write_text("elsewhere")
    (tmp_path / "Dockerfile").write_text(
        "FROM busybox AS make\nRUN exit 1\nFROM busybox\nCOPY --from=make /made /made\n"
    )
    build("--build-context", f"make={other}", tmp_path)
    assert _shown(boxship_daemon, "cat /made") == "elsewhere"
