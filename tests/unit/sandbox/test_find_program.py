"""Looking a program up as Go's exec.LookPath does, in Docker's words."""

import os
from pathlib import Path

import pytest

from boxship.sandbox import launch
from boxship.sandbox.failure import StageError
from boxship.sandbox.passwd import User


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for directory in ("one", "two", "one/adirectory"):
        (tmp_path / directory).mkdir()
    for name, mode in (("one/plain", 0o644), ("two/plain", 0o755), ("two/tool", 0o755)):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(mode)
    (tmp_path / "one" / "only-plain").write_text("")
    (tmp_path / "two" / "link").symlink_to("tool")
    return tmp_path


def find(tree: Path, name: str, path: str | None = None) -> str:
    return launch.find_program(name, {"PATH": path or f"{tree}/none:{tree}/one:{tree}/two"})


def test_the_first_that_can_run_is_taken(tree: Path) -> None:
    assert find(tree, "tool") == f"{tree}/two/tool"
    assert find(tree, "plain") == f"{tree}/two/plain"
    assert find(tree, "link") == f"{tree}/two/link"
    assert find(tree, f"{tree}/two/tool", "/nowhere") == f"{tree}/two/tool"


def failing(tree: Path, name: str) -> tuple[str, int]:
    with pytest.raises(StageError) as caught:
        find(tree, name)
    return str(caught.value), caught.value.code


def test_what_cannot_run_is_told_in_dockers_words(tree: Path) -> None:
    missing = "executable file not found in $PATH"
    assert failing(tree, "nosuch") == (f'exec: "nosuch": {missing}', 127)
    assert failing(tree, "") == (f'exec: "": {missing}', 127)
    assert failing(tree, "adirectory") == (f'exec: "adirectory": {missing}', 127)
    assert failing(tree, "only-plain") == ('exec: "only-plain": permission denied', 126)
    path = f"{tree}/nosuch"
    assert failing(tree, path) == (f'exec: "{path}": stat {path}: no such file or directory', 127)
    assert failing(tree, f"{tree}/one") == (f'exec: "{tree}/one": is a directory', 126)
    path = f"{tree}/one/plain"
    assert failing(tree, path) == (f'exec: "{path}": permission denied', 126)


def test_magic_links_are_not_opened(tree: Path) -> None:
    """CVE-2019-5736, directly and through a link."""
    (tree / "exe").symlink_to("/proc/self/exe")
    for path in ("/proc/self/exe", f"{tree}/exe", f"/proc/{os.getpid()}/root/bin/sh"):
        with pytest.raises(StageError, match="permission denied"):
            launch.check_program(path, path)
    launch.check_program(f"{tree}/two/link", "link")


def test_environment_and_home() -> None:
    user = User(5, 5, "/home/five")
    made = launch.environment_of({"env": ["A=1=2", "B=", "HOME="]}, user)
    assert made == {"A": "1=2", "B": "", "HOME": "/home/five"}
    assert launch.environment_of({"env": ["HOME=/own"]}, user) == {"HOME": "/own"}


def test_the_null_device_is_told_from_others(tree: Path) -> None:
    for path, expected in (("/dev/null", True), ("/dev/zero", False), (str(tree), False)):
        fd = os.open(path, os.O_RDONLY)
        assert launch.is_null(fd) == expected
        os.close(fd)


def test_the_working_directory_has_a_name(tree: Path) -> None:
    before = os.getcwd()
    gone = tree / "gone"
    gone.mkdir()
    fd = os.open(gone, os.O_PATH)
    gone.rmdir()
    try:
        launch.change_directory(str(tree))
        with pytest.raises(StageError, match="outside of container mount namespace root"):
            launch.change_directory(f"/proc/self/fd/{fd}")
        with pytest.raises(StageError, match="no such file or directory") as caught:
            launch.change_directory(str(gone))
        assert caught.value.code == 126
    finally:
        os.chdir(before)
        os.close(fd)
