"""``boxship build``: results of every kind, contexts by name, agents, and a live table."""

import base64
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines
from support.debian_registry import registry
from support.terminals import Terminal
from support.waiting import eventually

BOXSHIP = [str(Path(sys.executable).with_name("boxship"))]

_PORT = 5019


@pytest.fixture
def context(tmp_path: Path) -> Path:
    directory = tmp_path / "context"
    directory.mkdir()
    (directory / "Dockerfile").write_text("FROM scratch\nCOPY f dir/g\nCOPY f /\nCMD x\n")
    (directory / "f").write_text("content")
    return directory


@pytest.fixture(autouse=True)
def images(boxship_daemon: engines.Engine) -> Iterator[None]:
    before = set(boxship_daemon.docker("images", "-aq").stdout.split())
    yield
    made = set(boxship_daemon.docker("images", "-aq").stdout.split()) - before
    for image in made:
        boxship_daemon.docker("rmi", "-f", image, check=False)


def _build(
    engine: engines.Engine, *words: str | Path, stdin: bytes = b"", fails: bool = False, **more: str
) -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "DOCKER_HOST": engine.host, **more}
    done = subprocess.run(
        [*BOXSHIP, "build", *words], input=stdin, capture_output=True, env=environment, timeout=60
    )
    assert bool(done.returncode) == fails, done.stderr.decode()
    return done


def test_files_come_back(boxship_daemon: engines.Engine, context: Path) -> None:
    out = context.parent / "out"
    _build(boxship_daemon, "-o", out, context)
    assert (out / "dir" / "g").read_text() == (out / "f").read_text() == "content"
    assert (out / "f").stat().st_uid == os.getuid()


def test_an_archive_comes_back(boxship_daemon: engines.Engine, context: Path) -> None:
    said = _build(boxship_daemon, "-o", "-", context).stdout
    with tarfile.open(fileobj=io.BytesIO(said)) as tar:
        assert {"dir/g", "f"} <= {name.removeprefix("./") for name in tar.getnames()}
    path = context.parent / "x.tar"
    _build(boxship_daemon, "-o", f"type=tar,dest={path}", context)
    assert tarfile.is_tarfile(path)


@pytest.mark.parametrize("kind", ["oci", "docker"])
def test_an_image_as_an_archive(boxship_daemon: engines.Engine, context: Path, kind: str) -> None:
    path = context.parent / "image.tar"
    _build(boxship_daemon, "-t", "cli:file", "-o", f"type={kind},dest={path}", context)
    with tarfile.open(path) as tar:
        names = tar.getnames()
    assert ("index.json" if kind == "oci" else "manifest.json") in names


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("type=nothing", b"exporter nothing could not be found"),
        ("type=local", b"dest is required for local exporter"),
        ("dest=x", b"type is required for output"),
        ("type=tar,dest=/no/such/place.tar", b'directory "/no/such" does not exist'),
        ("type=tar,dest=/etc", b"destination file /etc is a directory"),
    ],
)
def test_results_that_go_nowhere(
    boxship_daemon: engines.Engine, context: Path, output: str, words: bytes
) -> None:
    assert words in _build(boxship_daemon, "-o", output, context, fails=True).stderr


def test_no_result_at_all(boxship_daemon: engines.Engine, context: Path) -> None:
    done = _build(boxship_daemon, "-q", "-o", "type=cacheonly", context)
    assert done.stdout == b""


def test_what_is_known_of_the_result(boxship_daemon: engines.Engine, context: Path) -> None:
    path = context.parent / "metadata"
    _build(boxship_daemon, "-t", "cli:meta", "--metadata-file", path, context)
    told = json.loads(path.read_text())
    (image,) = json.loads(boxship_daemon.docker("image", "inspect", "cli:meta").stdout)
    assert told["containerimage.config.digest"] == image["Id"]
    assert told["image.name"] == "docker.io/library/cli:meta"


def test_contexts_by_name(boxship_daemon: engines.Engine, context: Path) -> None:
    other = context.parent / "other"
    other.mkdir()
    (other / "g").write_text("of the other")
    (other / "left-out").write_text("")
    (other / ".dockerignore").write_text("left-out\n")
    (context / "Dockerfile").write_text(
        "FROM base\nCOPY --from=more . /more/\nRUN --mount=from=more,target=/m cp /m/g /g\n"
    )
    words = ["--build-context", f"more={other}", "--build-context", "base=docker-image://busybox"]
    _build(boxship_daemon, "-t", "cli:named", *words, context)
    said = boxship_daemon.docker("run", "--rm", "cli:named", "sh", "-c", "cat /g; ls -A /more")
    assert said.stdout == "of the other.dockerignore\ng\n"
    done = _build(boxship_daemon, "--build-context", "x=/no/where", context, fails=True)
    assert (
        b"failed to get build context x: stat /no/where: no such file or directory" in done.stderr
    )


def test_limits_of_steps(boxship_daemon: engines.Engine, context: Path) -> None:
    (context / "Dockerfile").write_text(
        "FROM busybox\nRUN ulimit -n > /n; grep own /etc/hosts > /h; ls /sys/class/net > /i\n"
        "RUN df -k /dev/shm | tail -1 > /s\n"
    )
    words = ["--ulimit", "nofile=99", "--add-host", "own:10.9.8.7", "--network", "none"]
    _build(boxship_daemon, "-t", "cli:limits", *words, "--shm-size", "3m", context)
    show = "cat /n /h /i; awk '{ print $2 }' /s"
    said = boxship_daemon.docker("run", "--rm", "cli:limits", "sh", "-c", show).stdout
    assert said.split() == ["99", "10.9.8.7", "own", "lo", "3072"]


def test_stages_are_built_again(boxship_daemon: engines.Engine, context: Path) -> None:
    (context / "Dockerfile").write_text(
        "FROM busybox AS one\nRUN head -c 9 /dev/urandom > /r\nFROM busybox AS two\n"
        "RUN head -c 9 /dev/urandom > /r\nCOPY --from=one /r /s\n"
    )
    _build(boxship_daemon, context)
    again = _build(boxship_daemon, "--no-cache-filter", "two", "--progress", "plain", context)
    assert again.stderr.count(b"CACHED") == 1


def test_checks_and_questions(boxship_daemon: engines.Engine, context: Path) -> None:
    done = _build(boxship_daemon, "--check", context, fails=True)
    assert done.stdout.startswith(b"Check complete, 1 warning has been found!\n")
    assert b">>> CMD x" in done.stdout and done.returncode == 1
    done = _build(boxship_daemon, "--call", "check,format=json", context, fails=True)
    assert json.loads(done.stdout)["warnings"][0]["ruleName"] == "JSONArgsRecommended"
    (context / "Dockerfile").write_text('# a the first\nFROM scratch AS a\nARG V=1\nCMD ["x"]\n')
    said = _build(boxship_daemon, "--check", context).stdout
    assert said == b"Check complete, no warnings found.\n"
    assert b"a (default) the first" in _build(boxship_daemon, "--call", "targets", context).stdout
    assert b"V           1" in _build(boxship_daemon, "--call=outline", context).stdout


def test_warnings_are_listed(boxship_daemon: engines.Engine, context: Path) -> None:
    said = _build(boxship_daemon, context).stderr.decode()
    assert " 1 warning found" in said and " - JSONArgsRecommended: " in said


@pytest.mark.parametrize("kind", ["agent", "key"])
def test_steps_reach_an_agent(boxship_daemon: engines.Engine, context: Path, kind: str) -> None:
    program = str(shutil.which("ssh-add"))
    _copy_program(program, context / "root")
    (context / "Dockerfile").write_text(
        f"FROM busybox\nCOPY root /\nRUN --mount=type=ssh {program} -l\nRUN {program} -l || true\n"
    )
    key = context.parent / "key"
    making = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "of-the-test", "-f", str(key)]
    subprocess.run(making, check=True)
    if kind == "key":
        said = _build(boxship_daemon, "--no-cache", "--ssh", f"default={key}", context).stderr
    else:
        socket = context.parent / "socket"
        command = ["ssh-agent", "-D", "-a", str(socket)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as agent:
            try:
                eventually(socket.exists)
                environment = {**os.environ, "SSH_AUTH_SOCK": str(socket)}
                subprocess.run(["ssh-add", "-q", str(key)], check=True, env=environment)
                words = ["--no-cache", "--ssh", "default"]
                said = _build(boxship_daemon, *words, context, SSH_AUTH_SOCK=str(socket)).stderr
            finally:
                agent.terminate()
    assert said.count(b"of-the-test (ED25519)") == 1


def _copy_program(program: str, root: Path) -> None:
    """With the libraries that it needs."""
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=True)
    for path in [program, *(word for word in libraries.stdout.split() if word.startswith("/"))]:
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


def test_an_agent_that_is_not_there(boxship_daemon: engines.Engine, context: Path) -> None:
    done = _build(boxship_daemon, "--ssh", "default=/no/agent", context, fails=True)
    assert b"failed to stat /no/agent: no such file or directory" in done.stderr


def test_a_dockerfile_with_the_context_elsewhere(
    boxship_daemon: engines.Engine, context: Path
) -> None:
    """A directory that the daemon finds by its descriptor alone."""
    script = f"mount -t tmpfs x /mnt && cp -r {context}/. /mnt && exec {BOXSHIP[0]} build -q /mnt"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script],
        env={**os.environ, "DOCKER_HOST": boxship_daemon.host},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    out = context.parent / "seen"
    boxship_daemon.docker("tag", done.stdout.decode().strip(), "cli:elsewhere")
    (context / "Dockerfile").write_text("FROM cli:elsewhere\n")
    _build(boxship_daemon, "-o", out, context)
    assert (out / "f").read_text() == "content"


def test_a_client_that_leaves_ends_the_build(boxship_daemon: engines.Engine, context: Path) -> None:
    (context / "Dockerfile").write_text("FROM busybox\nRUN echo started; sleep 1000\n")
    with subprocess.Popen(
        [*BOXSHIP, "build", "--progress", "plain", context],
        env={**os.environ, "DOCKER_HOST": boxship_daemon.host},
        stderr=subprocess.PIPE,
    ) as client:
        assert client.stderr is not None
        for line in client.stderr:
            if b" started" in line:
                break
        client.send_signal(signal.SIGINT)
        client.wait(20)
    eventually(lambda: not boxship_daemon.docker("ps", "-q").stdout)


def test_a_live_table_on_a_terminal(boxship_daemon: engines.Engine, context: Path) -> None:
    (context / "Dockerfile").write_text(
        "FROM busybox\nRUN echo of the program; echo go > /dev/null; sleep 0.5\nRUN exit 4\n"
    )
    terminal = Terminal(["build", "--no-cache", str(context)], boxship_daemon.host)
    try:
        terminal.expect("[+] Building ")
        terminal.expect(" => => # of the program")
        terminal.expect("\x1b[31m => ERROR [3/3] RUN exit 4")
        terminal.expect("> 3 | RUN exit 4")
        terminal.expect("^^^")
        assert terminal.ends() == 4
    finally:
        terminal.close()


def test_a_table_needs_a_terminal(boxship_daemon: engines.Engine, context: Path) -> None:
    done = _build(boxship_daemon, "--progress", "tty", context, fails=True)
    assert b"failed to get console" in done.stderr


def test_caches_in_directories(boxship_daemon: engines.Engine, context: Path) -> None:
    cache = context.parent / "cache"
    (context / "Dockerfile").write_text("FROM busybox\nRUN head -c 9 /dev/urandom > /r\n")
    _build(boxship_daemon, "--cache-to", f"type=local,dest={cache}", "-t", "cli:one", context)
    assert all(path.stat().st_uid == os.getuid() for path in cache.rglob("*"))
    boxship_daemon.docker("builder", "prune", "-af")
    said = _build(
        boxship_daemon, "--cache-from", f"type=local,src={cache}", "-t", "cli:two", context
    )
    assert said.stderr.count(b"CACHED") == 1
    images = json.loads(boxship_daemon.docker("image", "inspect", "cli:one", "cli:two").stdout)
    assert images[0]["RootFS"] == images[1]["RootFS"]
    # A directory that has none is no reason to fail, a tag of its own is another cache.
    source = f"type=local,src={cache},tag=other"
    _build(boxship_daemon, "--cache-from", source, "--cache-from", "type=local,src=/none", context)


def test_several_platforms(boxship_daemon: engines.Engine, context: Path) -> None:
    out = context.parent / "platforms"
    (context / "Dockerfile").write_text("FROM scratch\nARG TARGETARCH\nCOPY f /$TARGETARCH\n")
    _build(boxship_daemon, "--platform", "linux/amd64,linux/arm64", "-o", out, context)
    found = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert found == ["linux_amd64/amd64", "linux_arm64/arm64"]


def test_registries_are_told_who_the_user_is(
    boxship_daemon: engines.Engine, context: Path, tmp_path: Path
) -> None:
    with registry(boxship_daemon.pid, tmp_path, password=True, port=_PORT) as private:
        image = f"{private.host}/team/pushed"
        auth = base64.b64encode(b"me:secret").decode()
        (tmp_path / "known").mkdir()
        settings = {"auths": {private.host: {"auth": auth}}}
        (tmp_path / "known" / "config.json").write_text(json.dumps(settings))
        known, unknown = str(tmp_path / "known"), str(tmp_path / "unknown")
        words = ["-t", image, "--push", context]
        done = _build(boxship_daemon, *words, fails=True, DOCKER_CONFIG=unknown)
        assert b"no basic auth credentials" in done.stderr
        _build(boxship_daemon, *words, DOCKER_CONFIG=known)
        boxship_daemon.docker("rmi", "-f", image)
        (context / "Dockerfile").write_text(f"FROM {image}\n")
        _build(boxship_daemon, context, DOCKER_CONFIG=known)
