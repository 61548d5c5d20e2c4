"""Lookups inside a container's root that the kernel gives up, or that fail: nothing is skipped."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import Internal, InvalidParameter
from boxship.kernel.openat2 import INSIDE, openat2
from boxship.sandbox import launch, volumes, worker_mounts
from boxship.sandbox.failure import StageError
from boxship.sandbox.root import Root
from boxship.sandbox.steps import masks
from boxship.sandbox.steps.context import Context
from support import forked, inside, workers
from support.engines import Engine
from support.renames import DETOUR, is_given_up, renaming
from support.requirements import require_root

PASSWD = "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n"
GROUP = "root:x:0:\napp:x:1001:\nwheel:x:10:app\n"
GIVEN_UP = 50


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """A root in which /etc and /hidden are links with many ``..``, and /cycle leads to itself."""
    require_root()
    top = tmp_path / "root"
    (top / "a/b").mkdir(parents=True)
    (top / "real").mkdir()
    (top / "real/passwd").write_text(PASSWD)
    (top / "real/group").write_text(GROUP)
    (top / "etc").symlink_to(f"{DETOUR}real")
    (top / "hidden").symlink_to(f"{DETOUR}real")
    (top / "cycle").symlink_to("cycle")
    fd = os.open(top, os.O_PATH | os.O_DIRECTORY)
    yield Root(fd)
    os.close(fd)


def _repeat(root: Root, action: Callable[[], Any]) -> None:
    """Call *action* until the kernel has given up *GIVEN_UP* lookups between its calls."""
    given_up = 0
    for _ in range(100_000):
        given_up += is_given_up(root.fd, "etc/passwd", INSIDE)
        action()
        if given_up == GIVEN_UP:
            return
    raise AssertionError("renames made the kernel give up no lookups")


def _user(username: str) -> dict[str, Any]:
    return {"user": {"username": username, "groups": []}}


def _context(root: Root) -> Context:
    return Context(root.fd, "", [], None, (0, 0), root)


def test_a_lookup_beside_renames_succeeds(root: Root, tmp_path: Path) -> None:
    with renaming(tmp_path):
        _repeat(root, lambda: os.close(openat2(root.fd, "etc/passwd", os.O_PATH)))


@pytest.mark.parametrize("username", ["app", "1000"])
def test_a_user_keeps_its_groups_beside_renames(root: Root, tmp_path: Path, username: str) -> None:
    def find() -> None:
        user = launch.find_user(_user(username), root)
        assert (user.uid, user.gid, user.groups) == (1000, 1001, [1001, 10])

    with renaming(tmp_path):
        _repeat(root, find)


def test_masked_and_read_only_paths_are_mounted_beside_renames(root: Root, tmp_path: Path) -> None:
    real = str(tmp_path / "root/real")

    def attempt() -> None:
        workers.private_mounts()
        context = _context(Root(os.open(tmp_path / "root", os.O_PATH | os.O_DIRECTORY)))

        def cover() -> None:
            masks.mask(context, {"paths": ["/hidden"]})
            assert os.listdir(real) == []
            subprocess.run(["umount", real], check=True)
            masks.protect(context, {"paths": ["/hidden"]})
            assert os.statvfs(real).f_flag & os.ST_RDONLY
            subprocess.run(["umount", real], check=True)

        _repeat(root, cover)

    with renaming(tmp_path):
        forked.in_child(attempt)


@pytest.mark.parametrize("step", [masks.mask, masks.protect])
def test_a_masked_or_read_only_path_that_cannot_be_looked_up_is_an_error(
    root: Root, step: Callable[[Context, dict[str, Any]], None]
) -> None:
    with pytest.raises(OSError, match="symbolic links"):
        step(_context(root), {"paths": ["/missing", "/real/passwd/missing", "/cycle/secret"]})


@pytest.mark.parametrize("name", ["passwd", "group"])
def test_a_user_whose_files_cannot_be_read_is_an_error(
    root: Root, tmp_path: Path, name: str
) -> None:
    (tmp_path / "root/real" / name).unlink()
    (tmp_path / "root/real" / name).symlink_to(name)
    with pytest.raises(OSError, match="symbolic links"):
        launch.find_user(_user("1000"), root)


def test_a_user_file_that_is_too_large_is_an_error(root: Root, tmp_path: Path) -> None:
    with open(tmp_path / "root/real/passwd", "r+b") as file:
        file.truncate((8 << 20) + 1)
    with pytest.raises(OSError, match="too large"):
        launch.find_user(_user("1000"), root)


def test_a_dockerignore_that_cannot_be_looked_up_is_an_error(tmp_path: Path) -> None:
    require_root()
    (tmp_path / ".dockerignore").symlink_to(".dockerignore")
    fd = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
    with pytest.raises(InvalidParameter, match="too many levels of symbolic links"):
        workers.run("build_read", {"paths": [".dockerignore"], "limit": 100}, [fd])
    os.close(fd)


def test_a_worker_leaves_out_no_volume_whose_subpath_cannot_be_opened(tmp_path: Path) -> None:
    require_root()
    (tmp_path / "volume").mkdir()
    (tmp_path / "place").mkdir()
    row = {"source": str(tmp_path / "volume"), "target": "/volume", "subpath": "missing"}

    def attempt() -> None:
        workers.private_mounts()
        worker_mounts.open_all([row], [], str(tmp_path / "place"))

    with pytest.raises(Internal, match="cannot access path"):
        workers.in_child(attempt)


def test_a_volume_that_cannot_be_shared_gets_no_file_system_of_its_own(tmp_path: Path) -> None:
    require_root()
    (tmp_path / "ns").mkdir()
    (tmp_path / "ns/mnt").write_text("no namespace")
    row = {"type": "tmpfs", "device": "", "options": [], "attributes": 0, "failure": "volume"}
    with pytest.raises(StageError, match="volume: invalid argument"):
        volumes.open_filesystem(row | {"users": [(str(tmp_path), "/volume")]})


def test_containers_start_beside_renames(clean_boxship: Engine, tmp_path: Path) -> None:
    added: inside.Added = {
        "a/b": None,
        "real/passwd": PASSWD.encode(),
        "real/group": GROUP.encode(),
        "etc/passwd": ("->", f"../{DETOUR}real/passwd"),
        "etc/group": ("->", f"../{DETOUR}real/group"),
        "run": None,
        "var/run": ("->", f"../{DETOUR}run"),
    }
    name = inside.image(clean_boxship, "detour", added)
    (tmp_path / "sock").touch()
    words = ["-u", "app", "-v", f"{tmp_path}/sock:/var/run/sock", name]
    with renaming(tmp_path):
        for _ in range(10):
            shown = inside.run(clean_boxship, *words, "sh", "-c", "id -u; id -G; ls /run")
            assert shown.split() == ["1000", "1001", "10", "sock"]


def test_a_container_whose_user_cannot_be_looked_up_does_not_start(clean_boxship: Engine) -> None:
    name = inside.image(clean_boxship, "cycle", {"etc/passwd": ("->", "passwd")})
    done = clean_boxship.docker("run", "--rm", "-u", "1000", name, "id", check=False)
    assert done.returncode in (125, 126, 128) and done.stdout == ""
    assert "too many levels of symbolic links" in done.stderr
