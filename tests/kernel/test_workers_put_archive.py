"""put_archive into real overlays: what arrives, what is refused, what stays inside."""

import errno
import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import InvalidParameter, NotFound
from support import trees
from support.worker_output import output
from support.workers import Root, in_child, private_mounts, run

CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")
R, D, S, L = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


def archive(*members: Any, format: int = tarfile.PAX_FORMAT) -> bytes:
    """Members are (name, type, mode, link or data, more attributes)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as out:
        for name, kind, *rest in members:
            info = tarfile.TarInfo(name)
            info.type, info.uid, info.gid, info.mtime = kind, 1234, 1235, 1_000_000_000
            info.mode = rest[0] if rest else 0o755
            data = b""
            if len(rest) > 1:
                data, info.linkname = (rest[1], "") if kind == R else (b"", rest[1])
            for key, value in (rest[2] if len(rest) > 2 else {}).items():
                setattr(info, key, value)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def put(root: Root | Path, path: str, data: bytes, **args: Any) -> int:
    with open(os.memfd_create("in"), "w+b") as file:
        file.write(data)
        file.seek(0)
        args = {"path": path, "container": "box", **args}
        return int(run("put_archive", args, [file.fileno()], root)["entries"])


def test_members_arrive_as_they_were(root: Root) -> None:
    pax = {
        "pax_headers": {"SCHILY.xattr.user.mark": "1", "SCHILY.xattr.trusted.overlay.opaque": "y"}
    }
    sent = archive(
        ("new/", D, 0o2710, "", pax),
        ("new/file", R, 0o6751, b"data", pax),
        ("new/link", S, 0o777, "file"),
        ("new/hard", L, 0o6751, "new/file"),
        ("new/fifo", tarfile.FIFOTYPE, 0o622),
        ("new/dev", tarfile.CHRTYPE, 0o640, "", {"devmajor": 1, "devminor": 3}),
    )
    assert put(root, "/data", sent) == 6
    top = root.upper / "data/new"
    found = trees.of_directory(top)
    owner, when = (1234, 1235), 1_000_000_000
    assert found == {
        "file": ("-", 0o6751, *owner, when, b"data"),
        "hard": ("-", 0o6751, *owner, when, b"data"),
        "link": ("l", 0o777, *owner, when, b"file"),
        "fifo": ("p", 0o622, *owner, when, None),
        "dev": ("c", 0o640, *owner, when, os.makedev(1, 3)),
    }
    status = top.stat()
    assert (status.st_mode & 0o7777, status.st_mtime, status.st_uid) == (0o2710, when, 1234)
    assert (top / "file").stat().st_ino == (top / "hard").stat().st_ino
    assert os.getxattr(top / "file", "user.mark") == b"1"
    assert "trusted.overlay.opaque" not in os.listxattr(top / "file")


def test_capabilities_survive_the_change_of_owner(root: Root) -> None:
    value = CAPABILITY.decode("latin-1")
    pax = {"pax_headers": {"SCHILY.xattr.security.capability": value}}
    put(root, "/", archive(("ping", R, 0o755, b"x", pax)))
    assert os.getxattr(root.upper / "ping", "security.capability") == CAPABILITY


@pytest.mark.parametrize("command", ["gzip", "bzip2", "xz", "zstd"])
def test_compressed(root: Root, command: str) -> None:
    data = subprocess.run(
        [command, "-c"], input=archive(("x", R, 0o644, b"1")), capture_output=True
    )
    put(root, "/", data.stdout)
    assert (root.upper / "x").read_bytes() == b"1"


def test_owner_of_the_containers_user(root: Root) -> None:
    sent = archive(("x", R), ("d/", D), ("l", S, 0o777, "x"))
    put(root, "/data", sent, copyUIDGID=True, user="app")
    owners = {(row[2], row[3]) for row in trees.of_directory(root.upper / "data").values()}
    assert owners == {(77, 78)}
    put(root, "/etc", sent, copyUIDGID=True, user="")
    assert os.lstat(root.upper / "etc/x").st_uid == 1234
    with pytest.raises(InvalidParameter, match="unable to find user ghost"):
        put(root, "/data", sent, copyUIDGID=True, user="ghost")


def test_directories_merge_and_files_replace(root: Root) -> None:
    put(root, "/", archive(("./", D, 0o700), ("data/", D, 0o711), ("data/hello", R, 0o600, b"2")))

    def look() -> dict[str, Any]:
        merged = root.attach()
        assert (merged / "data/zz").read_text() == "hello\n"
        data = (merged / "data/hello").read_text()
        return {"root": merged.stat().st_mode, "dir": (merged / "data").stat().st_mode, "x": data}

    # The mode of "." is not applied: the destination stays as it is.
    assert in_child(look) == {"root": 0o40755, "dir": 0o40711, "x": "2"}


def test_another_kind_takes_the_place_unless_forbidden(root: Root) -> None:
    file_over_directory, directory_over_file = archive(("sub", R)), archive(("hello/", D))
    with pytest.raises(InvalidParameter) as caught:
        put(root, "/data", file_over_directory, noOverwriteDirNonDir=True)
    text = 'cannot overwrite directory "/data/sub" with non-directory "/data"'
    assert str(caught.value) == text
    with pytest.raises(InvalidParameter) as caught:
        put(root, "/data", directory_over_file, noOverwriteDirNonDir=True)
    text = 'cannot overwrite non-directory "/data/hello" with directory "/data"'
    assert str(caught.value) == text
    put(root, "/data", file_over_directory)
    put(root, "/data", directory_over_file)
    assert (root.upper / "data/sub").is_file() and (root.upper / "data/hello").is_dir()


def test_destinations(root: Root) -> None:
    put(root, "/dl", archive(("through", R)))
    assert (root.upper / "data/through").exists()
    with pytest.raises(InvalidParameter, match=r"^extraction point is not a directory$"):
        put(root, "/data/hello", archive(("x", R)))
    with pytest.raises(NotFound, match=r"^Could not find the file /nope in container box$"):
        put(root, "/nope", archive(("x", R)))


@pytest.mark.parametrize("data", [b"", bytes(1024), bytes(10240)])
def test_nothing_to_extract(root: Root, data: bytes) -> None:
    assert put(root, "/", data) == 0


def test_missing_parents_are_made(root: Root) -> None:
    put(root, "/data", archive(("a/b/c", R, 0o644, b"1"), ("sub/x/y", R)))
    assert (root.upper / "data/a/b").stat().st_mode & 0o7777 == 0o755
    assert (root.upper / "data/a/b").stat().st_uid == 0
    with pytest.raises(InvalidParameter, match="not a directory"):
        put(root, "/data", archive(("hello/x", R)))


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A directory next to the container that nothing may touch."""
    target = tmp_path / "outside"
    target.mkdir()
    (target / "secret").write_text("s")
    before = trees.of_directory(target)
    yield target
    assert trees.of_directory(target) == before


def test_hostile_archives_stay_inside(root: Root, outside: Path) -> None:
    """Links lead where they would lead a process in the container."""
    up = "../" * 30
    sent = [
        archive(("abs", S, 0o777, str(outside)), (f"abs{outside}/x", R)),
        archive(("abs", S, 0o777, str(outside)), ("abs/x", R, 0o644, b"evil")),
        archive(("abs", S, 0o777, str(outside)), ("abs/", D, 0o700)),
        archive((f"{outside}/abspath", R)),
        archive(("hard", L, 0o644, f"{outside}/secret"), ("hard", R, 0o644, b"evil")),
        archive(("proc", S, 0o777, "/proc/self/root"), (f"proc{outside}/secret", R)),
    ]
    for data in sent:
        try:
            put(root, "/", data)
        except InvalidParameter:
            pass
    for data in (archive((f"{up}x", R)), archive(("l", S, 0o777, f"{up}etc"))):
        with pytest.raises(InvalidParameter):
            put(root, "/data", data)
    assert not (root.upper / "data/l").is_symlink()


def test_a_hard_link_to_a_symlink_is_one_to_the_link(root: Root, outside: Path) -> None:
    link = f"{outside}/secret"
    put(root, "/", archive(("l", S, 0o777, link), ("h", L, 0o644, "l")))
    assert os.readlink(root.upper / "h") == link
    with pytest.raises(InvalidParameter, match="no such file or directory"):
        put(root, "/", archive(("h2", L, 0o644, "missing")))


def test_a_cut_off_archive_leaves_no_half_file(root: Root) -> None:
    data = archive(("whole", R, 0o644, b"1"), ("half", R, 0o644, b"x" * 100_000))
    with pytest.raises(InvalidParameter, match="unexpected EOF"):
        put(root, "/data", data[:60_000])
    assert sorted(p.name for p in (root.upper / "data").iterdir()) == ["whole"]


def test_sparse_members_stay_sparse(root: Root, tmp_path: Path) -> None:
    with open(tmp_path / "big", "wb") as file:
        file.truncate(1 << 32)
        os.pwrite(file.fileno(), b"end", (1 << 32) - 3)
    packed = subprocess.run(
        ["tar", "-C", tmp_path, "-cSf", "-", "big"], capture_output=True, check=True
    )
    put(root, "/", packed.stdout)
    status = (root.upper / "big").stat()
    assert (status.st_size, status.st_blocks < 1000) == (1 << 32, True)
    with open(root.upper / "big", "rb") as file:
        assert os.pread(file.fileno(), 9, (1 << 32) - 4) == b"\0end"


def test_replacing_a_deep_tree(root: Root) -> None:
    """Deeper than there are descriptors, on both overlay layers."""

    def fill(merged: Path) -> None:
        (merged / "deep").mkdir()
        os.chdir(merged / "deep")
        for _ in range(3000):
            os.mkdir("d")
            os.chdir("d")

    root.change(fill)
    put(root, "/", archive(("deep", R)))
    assert (root.upper / "deep").is_file()


def test_a_read_only_root_says_so(root: Root) -> None:
    def mounted() -> None:
        merged = root.attach()
        subprocess.run(["mount", "-o", "remount,ro,bind", merged], check=True)
        put(merged, "/", archive(("x", R)))

    with pytest.raises(OSError) as caught:
        in_child(mounted)
    assert caught.value.errno == errno.EROFS


def test_swapping_directories_for_links_leaks_nothing(root: Root, outside: Path) -> None:
    """Another process swaps a directory for a link to the outside all the time."""
    (root.upper / "swap").mkdir()

    def swapper(merged: Path) -> None:
        os.chdir(merged)
        os.symlink(str(outside), "link")
        while True:
            os.rename("swap", "real")
            os.rename("link", "swap")
            os.rename("swap", "link")
            os.rename("real", "swap")

    def race() -> None:
        merged = root.attach()
        child = os.fork()
        if not child:
            try:
                swapper(merged)
            finally:
                os._exit(1)
        try:
            private_mounts()
            for number in range(60):
                data = archive(("swap/evil", R, 0o644, b"e"), ("swap/d/", D, 0o700))
                try:
                    put(merged, "/", data)
                    found = output("get_archive", merged, path="/swap/.")
                    assert b"secret" not in found, number
                except (InvalidParameter, NotFound):
                    continue
        finally:
            os.kill(child, 9)
            os.waitpid(child, 0)

    in_child(race)


def test_tar_reads_what_is_written(root: Root, tmp_path: Path) -> None:
    def fill(merged: Path) -> None:
        for number in range(30):
            name = merged / "data" / ("long" * number + "ä")[:240]
            name.write_bytes(os.urandom(number * 700))

    root.change(fill)
    target = tmp_path / "unpacked"
    target.mkdir()
    data = output("export", root)
    subprocess.run(["tar", "-C", target, "-xpf", "-"], input=data, check=True)

    def merged_tree() -> bool:
        return trees.of_directory(root.attach()) == trees.of_directory(target)

    assert in_child(merged_tree)
