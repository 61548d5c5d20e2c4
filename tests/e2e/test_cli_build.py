"""``boxship build``: contexts in every form, flags, exit statuses."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines

BOXSHIP = [str(Path(sys.executable).with_name("boxship"))]


@pytest.fixture
def context(tmp_path: Path) -> Path:
    directory = tmp_path / "context"
    directory.mkdir()
    (directory / "Dockerfile").write_text(
        "FROM busybox AS one\nARG V=default\nRUN echo $V > /v\nFROM one\nCOPY . /all/\n"
    )
    (directory / "f").write_text("1")
    (directory / "ignored").write_text("2")
    (directory / ".dockerignore").write_text("ignored\n")
    return directory


@pytest.fixture(autouse=True)
def images(boxship_daemon: engines.Engine) -> Iterator[None]:
    yield
    boxship_daemon.docker("rmi", "-f", "cli:1", check=False)


def _boxship(
    engine: engines.Engine, *words: str | Path, stdin: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "DOCKER_HOST": engine.host, "SECRET": "of the environment"}
    return subprocess.run(
        [*BOXSHIP, *words], input=stdin, capture_output=True, env=environment, timeout=60
    )


def _ls(engine: engines.Engine) -> list[str]:
    return engine.docker("run", "--rm", "cli:1", "ls", "-A", "/all").stdout.split()


def test_a_directory_is_handed_over(boxship_daemon: engines.Engine, context: Path) -> None:
    done = _boxship(boxship_daemon, "build", "-t", "cli:1", context)
    assert done.returncode == 0, done.stderr
    assert b"naming to docker.io/library/cli:1 done" in done.stderr
    assert _ls(boxship_daemon) == [".dockerignore", "Dockerfile", "f"]
    told = boxship_daemon.docker("history", "--format", "{{.CreatedBy}} {{.Comment}}", "cli:1")
    assert told.stdout.splitlines()[0] == "COPY . /all/ # buildkit buildkit.dockerfile.v0"


@pytest.mark.parametrize("group", [[], ["image"], ["builder"], ["buildx"]])
def test_every_spelling_builds(
    boxship_daemon: engines.Engine, context: Path, group: list[str]
) -> None:
    done = _boxship(boxship_daemon, *group, "build", "-q", context)
    assert done.stdout.startswith(b"sha256:") and done.stdout.count(b"\n") == 1


def test_an_archive_on_stdin(boxship_daemon: engines.Engine, context: Path) -> None:
    path = context.parent / "context.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.add(context, ".")
    done = _boxship(boxship_daemon, "build", "-t", "cli:1", "-", stdin=path.read_bytes())
    assert done.returncode == 0, done.stderr
    assert "f" in _ls(boxship_daemon)


def test_a_dockerfile_on_stdin(boxship_daemon: engines.Engine, context: Path) -> None:
    source = b"FROM busybox\nCOPY f /all/g\n"
    done = _boxship(boxship_daemon, "build", "-t", "cli:1", "-f", "-", context, stdin=source)
    assert done.returncode == 0, done.stderr
    assert _ls(boxship_daemon) == ["g"]
    alone = _boxship(boxship_daemon, "build", "-", stdin=b"FROM busybox\nENV A=1\n")
    assert alone.returncode == 0, alone.stderr


def test_an_ignore_file_of_the_dockerfiles_own(
    boxship_daemon: engines.Engine, context: Path
) -> None:
    (context / "Dockerfile.dockerignore").write_text("f\nD*\n.d*\n")
    assert _boxship(boxship_daemon, "build", "-t", "cli:1", context).returncode == 0
    assert _ls(boxship_daemon) == ["ignored"]


def test_isolation_is_the_default_one(boxship_daemon: engines.Engine, context: Path) -> None:
    done = _boxship(boxship_daemon, "build", "-q", "--isolation", "Default", context)
    assert done.returncode == 0, done.stderr
    done = _boxship(boxship_daemon, "build", "-q", "--isolation", "hyperv", context)
    assert done.returncode == 1
    assert b'Unsupported isolation: "hyperv"' in done.stderr


def test_a_dockerfile_elsewhere_has_its_ignore_file_beside_it(
    boxship_daemon: engines.Engine, context: Path
) -> None:
    elsewhere = context.parent / "other"
    elsewhere.write_text("FROM busybox\nCOPY . /all/\n")
    (context.parent / "other.dockerignore").write_text("f\n")
    done = _boxship(boxship_daemon, "build", "-t", "cli:1", "-f", elsewhere, context)
    assert done.returncode == 0, done.stderr
    assert _ls(boxship_daemon) == [".dockerignore", "Dockerfile", "ignored"]


def test_an_old_file_that_changes_is_built_anew(
    boxship_daemon: engines.Engine, context: Path
) -> None:
    """Though neither its size nor its time tells."""
    (context / "Dockerfile").write_text("FROM busybox\nCOPY f /f\n")
    before = (context / "f").stat()
    for content in ("1", "2", "3"):
        (context / "f").write_text(content)
        os.utime(context / "f", ns=(before.st_atime_ns, before.st_mtime_ns))
        _boxship(boxship_daemon, "build", "-t", "cli:1", context)
        assert boxship_daemon.docker("run", "--rm", "cli:1", "cat", "/f").stdout == content


def test_arguments_and_labels(boxship_daemon: engines.Engine, context: Path) -> None:
    flags = ["--build-arg", "V=given", "--build-arg", "SECRET", "--label", "a=b"]
    done = _boxship(boxship_daemon, "build", "-t", "cli:1", *flags, context)
    assert b"[Warning] One or more build-args [SECRET] were not consumed" in done.stderr
    assert boxship_daemon.docker("run", "--rm", "cli:1", "cat", "/v").stdout == "given\n"
    (image,) = json.loads(boxship_daemon.docker("image", "inspect", "cli:1").stdout)
    assert image["Config"]["Labels"] == {"a": "b"}


def test_secrets_reach_the_step_and_nothing_else(
    boxship_daemon: engines.Engine, context: Path
) -> None:
    (context / "Dockerfile").write_text(
        "FROM busybox\n"
        "RUN --mount=type=secret,id=a [ \"$(cat /run/secrets/a)\" = 'of a file' ]\n"
        "RUN --mount=type=secret,id=b,target=/s [ \"$(cat /s)\" = 'of the environment' ]\n"
        "RUN --mount=type=secret,id=a,env=E [ \"$E\" = 'of a file' ]\n"
        "RUN ls /run/secrets /s 2>&1 | grep -c 'No such'\n"
    )
    (context.parent / "secret").write_text("of a file")
    flags = ["--secret", f"id=a,src={context.parent}/secret", "--secret", "id=b,env=SECRET"]
    done = _boxship(boxship_daemon, "build", "-t", "cli:1", *flags, context)
    assert done.returncode == 0, done.stdout + done.stderr
    saved = subprocess.run(
        ["docker", "-H", boxship_daemon.host, "save", "cli:1"], capture_output=True
    ).stdout
    assert b"of a file" not in saved.replace(b"'of a file'", b"")
    assert b"of the environment" not in saved.replace(b"'of the environment'", b"")


def test_the_plan_is_printed(boxship_daemon: engines.Engine, context: Path) -> None:
    done = _boxship(boxship_daemon, "build", "--plan", context)
    assert done.stdout.splitlines()[:2] == [b"stage one", b"  1: FROM busybox AS one"]


def test_the_id_is_written(boxship_daemon: engines.Engine, context: Path) -> None:
    path = context.parent / "id"
    _boxship(boxship_daemon, "build", "-t", "cli:1", "--iidfile", path, context)
    (image,) = json.loads(boxship_daemon.docker("image", "inspect", "cli:1").stdout)
    assert path.read_text() == image["Id"]


def test_raw_progress_is_json(boxship_daemon: engines.Engine, context: Path) -> None:
    done = _boxship(boxship_daemon, "build", "--progress", "rawjson", context)
    rows = [json.loads(line) for line in done.stderr.splitlines()]
    known = {"vertexes", "statuses", "logs", "warnings"}
    assert all(set(row) <= known for row in rows)
    vertexes = [vertex for row in rows for vertex in row.get("vertexes", ())]
    assert {"[one 2/2] RUN echo $V > /v", "exporting to image"} <= {v["name"] for v in vertexes}
    assert all(v["started"] <= v["completed"] for v in vertexes if "completed" in v)


@pytest.mark.parametrize(
    ("source", "status", "words"),
    [
        ("FROM busybox\nRUN exit 9\n", 9, b"did not complete successfully: exit code: 9"),
        ("FROM busybox\nRNU x\n", 1, b"> 2 | RNU x\n    | ^^^"),
    ],
)
def test_failures(
    boxship_daemon: engines.Engine, context: Path, source: str, status: int, words: bytes
) -> None:
    (context / "Dockerfile").write_text(source)
    done = _boxship(boxship_daemon, "build", "--force-rm", context)
    assert done.returncode == status and words in done.stderr


def test_a_context_that_is_not_there(boxship_daemon: engines.Engine) -> None:
    done = _boxship(boxship_daemon, "build", "/no/such/place")
    assert b'unable to prepare context: path "/no/such/place" not found' in done.stderr
