"""Completion: what may stand next, and that both shells' scripts are sound."""

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from boxship.cli import table
from boxship.cli.completion.kinds import POSITIONAL
from boxship.cli.completion.scripts import SCRIPTS
from boxship.cli.main import main
from support.canned import Canned, serving

ITEMS = [
    {"Id": "a" * 64, "Names": ["/web", "/db/web"], "Image": "nginx", "State": "running"},
    {"Id": "b" * 64, "Names": ["/worker"], "Image": "tool", "State": "exited"},
]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("BOXSHIP_HOST", f"unix://{tmp_path}/none")


def complete(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[list[str], str]:
    """Names, and what the shell should add."""
    assert main(["__complete", *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    shell = lines.pop().removeprefix(":") if lines and lines[-1].startswith(":") else ""
    return [line.partition("\t")[0] for line in lines], shell


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ru"], ["run"]),
        (["--conte"], ["--context"]),
        (["-D", "ru"], ["run"]),
        (["-H", "unix:///x", "ru"], ["run"]),
        (["container", "prun"], ["prune"]),
        (["volume", "i"], ["inspect"]),
        (["ps", "--no"], ["--no-trunc"]),
        (["ps", "-a", "--form"], ["--format"]),
        (["container", "ls", "--qu"], ["--quiet"]),
        (["run", "--pull", ""], ["always", "missing", "never"]),
        (["run", "--pull=ne"], ["--pull=never"]),
        (["run", "--restart", "un"], ["unless-stopped"]),
        (["inspect", "--type", "im"], ["image"]),
        (["completion", ""], ["bash", "fish", "zsh"]),
        (["-c", ""], ["default"]),
        (["context", "use", "d"], ["default"]),
        (["nonsense", ""], []),
        (["container", "nonsense", ""], []),
        (["stop", ""], []),
        (["ps", "--", "--no"], []),
        (["__comp"], []),
    ],
)
def test_words_that_are_known(
    words: list[str], expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert complete(capsys, *words)[0] == expected


@pytest.mark.parametrize(
    ("words", "shell"),
    [
        (["load", "-i", ""], "file"),
        (["load", "--input="], "file"),
        (["run", "-it", "image", ""], "file"),
        (["run", "--name", ""], ""),
        (["run", "-v", ""], "file"),
        (["--config", ""], "directory"),
        (["capture", ""], "program"),
        (["cp", "x", ""], "file"),
        (["ps", ""], ""),
    ],
)
def test_what_the_shell_knows_better(
    words: list[str], shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert complete(capsys, *words)[1] == shell


def listing(canned: Canned, sock: socket.socket) -> None:
    canned.head(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nContent-Length: 0\r\n\r\n")
    canned.head(sock)
    body = json.dumps(ITEMS).encode()
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def test_names_come_from_the_daemon_that_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(listing) as canned:
        assert complete(capsys, "-H", canned.host, "exec", "-it", "w") == (["web", "worker"], "")
    assert "running" in canned.heads[1] and "exited" not in canned.heads[1]
    with serving(listing) as canned:
        assert complete(capsys, "-H", canned.host, "start", "wo")[0] == ["worker"]
    assert "exited" in canned.heads[1]


def test_every_command_with_names_says_which() -> None:
    modules = {module for module, _, _ in table.ROWS}
    assert set(POSITIONAL) <= modules


@pytest.mark.parametrize("shell", sorted(SCRIPTS))
def test_scripts_are_sound(shell: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["completion", shell]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_other_shells_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 1
    assert "choose bash, fish, zsh" in capsys.readouterr().err


def program(tmp_path: Path) -> Path:
    path = tmp_path / "boxship"
    call = "import sys; from boxship.cli.main import main; sys.exit(main())"
    path.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{call}' \"$@\"\n")
    path.chmod(0o755)
    return path


def in_zsh(tmp_path: Path, *words: str) -> list[str]:
    """The script alone, with what zsh's completion system would do made visible."""
    (tmp_path / "script").write_text(SCRIPTS["zsh"])
    quoted = " ".join(f"'{word}'" for word in (str(program(tmp_path)), *words))
    ask = (
        'compdef() { : }\n_describe() { print -l -- "${found[@]}" }\n_files() { print FILES }\n'
        "compset() { : }\n"
        f"source {tmp_path}/script\nwords=({quoted})\nCURRENT={len(words) + 1}\n_boxship\n"
    )
    done = subprocess.run(["zsh", "-fc", ask], capture_output=True, text=True, cwd=tmp_path)
    assert done.stderr == ""
    return done.stdout.splitlines()


def in_bash(tmp_path: Path, *words: str) -> list[str]:
    (tmp_path / "script").write_text(SCRIPTS["bash"])
    quoted = " ".join(f"'{word}'" for word in (str(program(tmp_path)), *words))
    ask = (
        f"source {tmp_path}/script\nCOMP_WORDS=({quoted})\nCOMP_CWORD={len(words)}\n"
        "compopt() { :; }\n_boxship\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, cwd=tmp_path)
    assert done.stderr == ""
    return done.stdout.split()


def test_zsh_shows_what_we_say_and_files(tmp_path: Path) -> None:
    if shutil.which("zsh") is None:
        pytest.skip("needs zsh")
    assert in_zsh(tmp_path, "container", "pru") == ["prune:Remove all stopped containers"]
    assert in_zsh(tmp_path, "load", "-i", "") == ["FILES"]


def test_bash_shows_what_we_say_and_files(tmp_path: Path) -> None:
    assert in_bash(tmp_path, "container", "pru") == ["prune"]
    (tmp_path / "image.tar").write_text("")
    assert in_bash(tmp_path, "load", "-i", "ima") == ["image.tar"]


def in_fish(tmp_path: Path, line: str) -> list[str]:
    (tmp_path / "script").write_text(SCRIPTS["fish"])
    path = program(tmp_path).rename(tmp_path / "boxship").parent
    ask = f"set -x PATH {path} $PATH; source {tmp_path}/script; complete --do-complete '{line}'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", ask], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_fish_shows_what_we_say_and_files(tmp_path: Path) -> None:
    if shutil.which("fish") is None:
        pytest.skip("needs fish")
    (tmp_path / "image.tar").write_text("")
    names = [line.partition("\t")[0] for line in in_fish(tmp_path, "boxship container pru")]
    assert names == ["prune"]
    assert "image.tar" in "".join(in_fish(tmp_path, "boxship load -i ima"))
