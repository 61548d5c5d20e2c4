"""Programs of this host, captured and run by both engines."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.capture import build
from support.engines import Engine
from support.requirements import require_tool

MODULES = "json, ctypes, hashlib, zlib, sqlite3, ssl, socket, decimal"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """This interpreter, a shell and two tools; the search path has the interpreter's directory."""
    require_tool("sh", "ls", "cat")
    path = tmp_path_factory.mktemp("capture") / "tools.tar"
    search = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with open(path, "wb") as out:
        programs = ["sh", "ls", "cat", Path(sys.executable).name]
        report = build(programs, out, "tools", environ={"PATH": search})
    assert report.missing == {}
    yield path
    path.unlink()


@pytest.fixture(params=["dockerd", "boxship_daemon"])
def engine(request: pytest.FixtureRequest, archive: Path) -> Iterator[Engine]:
    found: Engine = request.getfixturevalue(request.param)
    found.docker("load", "-i", str(archive))
    yield found
    found.docker("rmi", "-f", "tools")


def test_captured_programs_run(engine: Engine) -> None:
    def run(*command: str) -> str:
        return engine.docker("run", "--rm", "--network", "none", "tools", *command).stdout

    python = Path(sys.executable).name
    assert run(python, "-c", f"import {MODULES}; print(1)") == "1\n"
    assert run("sh", "-c", "cd /etc; ls passwd; cat group | { read x; echo $x; }") == (
        "passwd\nroot:x:0:\n"
    )
    assert run(python, "-c", "import pwd, os; print(pwd.getpwuid(os.getuid()).pw_name)") == "root\n"
    assert run("ls", "-ld", "/tmp").startswith("drwxrwxrwt")


def test_the_default_command_is_the_shell(engine: Engine) -> None:
    done = engine.docker("run", "--rm", "-i", "--network", "none", "tools", stdin="echo hi\n")
    assert done.stdout == "hi\n"
