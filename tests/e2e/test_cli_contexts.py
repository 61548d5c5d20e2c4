"""Contexts beside the docker CLI, whose files they are; and daemons behind ssh.

Accepted differences: the address of the default context, and the words after a wrong number of
arguments.
"""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from support.certificates import issue
from support.engines import Engine
from support.requirements import require_tool
from support.terminals import PROGRAM

# Each program runs all lines, in order, with a directory of its own.
SESSION = """
context ls
context create foo --docker host=unix:///nowhere/x --description 'my desc'
context create foo
context create 'b d'
context create default
context create bar --docker host=tcp://1.2.3.4:2376
context create bad --docker nope=1
context create bad --docker ca=/nowhere,host=tcp://x:1
context create bad --docker nonsense
context create sec --docker host=tcp://x:1,ca=ca.pem,cert=cert.pem,key=key.pem
context create skip --docker host=tcp://x:1,skip-tls-verify=true
context ls
context ls -q
context ls --format json
context ls --format '{{.Name}} {{.Current}} {{.DockerEndpoint}} {{.Error}} {{.Description}}'
context inspect foo
context inspect sec skip
context inspect nope foo
context inspect
context inspect -f '{{.Name}} {{.Endpoints.docker.Host}}' foo bar
context show
context use nope
context use foo
context show
context ls
ps
context rm foo
-c nope context ls
-c nope context show
-c nope ps
-c foo -H unix:///x ps
-c sec context show
context export bar out.tar
context export bar out.tar
context export nope
context export sec
context import baz out.tar
context import baz out.tar
context import bad /nowhere
context import sec2 sec.dockercontext
context inspect sec2
context update bar --description new
context inspect bar
context update bar --docker host=unix:///z
context update nope
context update sec --docker host=tcp://x:2
context inspect sec bar
context create x1 --from bar
context create x4 --docker from=bar
context ls
context use default
context rm foo bar nope
context rm default
context rm -f nope
context ls
"""


def ready(directory: Path) -> dict[str, str]:
    directory.mkdir()
    environment = {**os.environ, "DOCKER_CONFIG": str(directory), "BOXSHIP_AUTOSTART": "0"}
    for name in ("DOCKER_HOST", "BOXSHIP_HOST", "DOCKER_CONTEXT"):
        environment.pop(name, None)
    return environment


def answer(program: list[str], line: str, directory: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["sh", "-c", f'"$@" {line}', "sh", *program],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=30,
    )
    text = f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    text = text.replace(str(directory), "<dir>").replace("unix:///var/run/docker.sock", "<own>")
    for own in ("unix:///run/boxship/boxship.sock", "Boxship", "boxship"):
        text = text.replace(own, {"Boxship": "Docker", "boxship": "docker"}.get(own, "<own>"))
    text = text.replace(" (No such file or directory)", "")
    return "\n".join(line.rstrip() for line in _columns(text))


def _columns(text: str) -> list[str]:
    """Without the width of columns, which the default address decides."""
    return [" ".join(line.split()) if "   " in line else line for line in text.splitlines()]


def tree(directory: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(directory)): (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for path in sorted((directory / "contexts").rglob("*"))
        if path.is_file()
    }


def test_a_session_with_both_clients(tmp_path: Path) -> None:
    require_tool("docker", "openssl")
    if os.geteuid() != 0:
        pytest.skip("the default address is another one without root")
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    environments = ready(theirs), ready(ours)
    differences: list[str] = []
    (tmp_path / "certificates").mkdir()
    certificates = issue(tmp_path / "certificates")
    for directory in (theirs, ours):
        shutil.copy(certificates.cert("ca"), directory / "ca.pem")
        shutil.copy(certificates.cert("client"), directory / "cert.pem")
        shutil.copy(certificates.key("client"), directory / "key.pem")
    for line in SESSION.strip().splitlines():
        expected = answer(["docker"], line, theirs, environments[0])
        found = answer(PROGRAM, line, ours, environments[1])
        if found != expected:
            differences.append(f"$ {line}\n{found}\n--- but docker:\n{expected}")
        if tree(ours) != tree(theirs):
            differences.append(f"$ {line}\nthe files differ")
    assert differences == [], "\n".join(differences)
    assert (ours / "config.json").read_text() == (theirs / "config.json").read_text()
    for program, directory, environment, archive in (
        (["docker"], theirs, environments[0], ours / "sec.dockercontext"),
        (PROGRAM, ours, environments[1], theirs / "sec.dockercontext"),
    ):
        answer(program, f"context import swapped {archive}", directory, environment)
    assert tree(ours) == tree(theirs)
    assert any("key.pem" in name for name in tree(ours))


def test_each_client_obeys_what_the_other_wrote(tmp_path: Path) -> None:
    require_tool("docker")
    directory = tmp_path / "shared"
    environment = ready(directory)
    answer(PROGRAM, "context create mine --docker host=unix:///m", directory, environment)
    answer(PROGRAM, "context use mine", directory, environment)
    assert answer(["docker"], "context show", directory, environment).split() == ["0", "mine"]
    answer(["docker"], "context create theirs --docker host=unix:///t", directory, environment)
    answer(["docker"], "context use theirs", directory, environment)
    assert "unix:///t" in answer(PROGRAM, "ps", directory, environment)


@pytest.fixture
def through_ssh(emptied_boxship: Engine, tmp_path: Path) -> dict[str, str]:
    """An ``ssh`` that runs its command on this machine, and a ``boxship`` for it to find."""
    (tmp_path / "ssh").write_text(
        '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\n'
        'test "$2" = there || { echo "no host $2" >&2; exit 255; }\nexec sh -c "$3"\n'
    )
    words = " ".join(f"'{word}'" for word in PROGRAM)
    (tmp_path / "boxship").write_text(
        f'#!/bin/sh\nBOXSHIP_HOST={emptied_boxship.host} exec {words} "$@"\n'
    )
    for name in ("ssh", "boxship"):
        (tmp_path / name).chmod(0o755)
    environment = ready(tmp_path / "settings")
    return {**environment, "PATH": f"{tmp_path}:{os.environ['PATH']}"}


def call(
    environment: dict[str, str], *words: str, stdin: bytes = b"", host: str = "ssh://me@there"
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*PROGRAM, "-H", host, *words],
        env=environment,
        input=stdin,
        capture_output=True,
        timeout=60,
    )


def test_calls_through_ssh(through_ssh: dict[str, str]) -> None:
    done = call(through_ssh, "images", "--format", "{{.Repository}}")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"busybox\n", b"")


def test_streams_and_the_end_of_input_through_ssh(through_ssh: dict[str, str]) -> None:
    data = os.urandom(300_000)
    script = "cat; echo end; exit 5"
    words = ("run", "--rm", "-i", "--network", "none", "busybox", "sh", "-c", script)
    done = call(through_ssh, *words, stdin=data)
    assert (done.returncode, done.stderr) == (5, b"")
    assert done.stdout == data + b"end\n"


def test_the_socket_over_there_may_be_named(
    through_ssh: dict[str, str], boxship_daemon: Engine
) -> None:
    done = call(through_ssh, "ps", "-q", host=f"ssh://there{boxship_daemon.socket}")
    assert (done.returncode, done.stderr) == (0, b"")
    done = call(through_ssh, "ps", "-q", host="ssh://there/nowhere/x")
    assert done.returncode == 1 and b"unix:///nowhere/x" in done.stderr


def test_a_host_that_does_not_answer(through_ssh: dict[str, str]) -> None:
    done = call(through_ssh, "ps", host="ssh://elsewhere")
    assert done.returncode == 1
    assert b"no host elsewhere" in done.stderr
    assert b"cannot connect to ssh://elsewhere: ssh ended with exit code 255" in done.stderr


def test_docker_finds_us_behind_ssh(through_ssh: dict[str, str], tmp_path: Path) -> None:
    """Docker's client runs ``docker system dial-stdio`` over there."""
    require_tool("docker")
    (tmp_path / "docker").symlink_to("boxship")
    # The client itself is found by its full path.
    script = 'while [ "$1" != there ]; do shift; done\nshift\nexec "$@"\n'
    (tmp_path / "ssh").write_text(f"#!/bin/sh\n{script}")
    done = subprocess.run(
        ["/usr/bin/docker", "-H", "ssh://there", "images", "--format", "{{.Repository}}"],
        env=through_ssh,
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, b"busybox\n"), done.stderr
