"""get_archive, export and put_archive over real overlays and hostile trees."""

import io
import os
import socket
import subprocess
import tarfile
from pathlib import Path

import pytest

from boxship.base.errors import NotFound
from support import trees
from support.worker_output import names, output
from support.workers import Root, in_child

CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")
R, D, S, L = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


def raw_names(data: bytes) -> list[bytes]:
    """Names as they stand in ustar headers: tarfile strips slashes."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return [data[m.offset : m.offset + 100].rstrip(b"\0") for m in archive]


# Recorded from dockerd 26.1.5.
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/data", [b"data/", b"data/hello", b"data/sub/", b"data/sub/rel", b"data/zz"]),
        ("/data/", [b"data/", b"data/hello", b"data/sub/", b"data/sub/rel", b"data/zz"]),
        ("/data/.", [b"./", b"./hello", b"./sub/", b"./sub/rel", b"./zz"]),
        ("/data/sub/..", [b"data/", b"data/hello", b"data/sub/", b"data/sub/rel", b"data/zz"]),
        ("data/hello", [b"hello"]),
        ("/dl", [b"dl"]),
        ("/dl/", [b"dl/", b"dl/hello", b"dl/sub/", b"dl/sub/rel", b"dl/zz"]),
        ("/dl/sub", [b"sub/", b"sub/rel"]),
    ],
)
def test_names(root: Root, path: str, expected: list[bytes]) -> None:
    assert raw_names(output("get_archive", root, path=path)) == expected


def test_the_root_has_leading_slashes(root: Root) -> None:
    assert raw_names(output("get_archive", root, path="/"))[:3] == [b"/", b"/data/", b"/data/hello"]


def test_missing_is_dockers_text(root: Root) -> None:
    with pytest.raises(NotFound, match=r"^Could not find the file /nope in container box$"):
        output("get_archive", root, path="/nope")


def test_what_an_archive_holds(root: Root) -> None:
    def fill(merged: Path) -> None:
        os.chown(merged / "data/hello", 5, 6)
        os.setxattr(merged / "data/hello", "security.capability", CAPABILITY)
        os.setxattr(merged / "data/hello", "user.mark", b"\0x")
        os.utime(merged / "data/hello", ns=(0, 1_234_567_890_987_654_321))
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(merged / "data/sock"))
        os.mkfifo(merged / "data/fifo")
        os.mknod(merged / "data/null", 0o020666, os.makedev(1, 3))

    root.change(fill)
    rows = {row[0]: row[1:] for row in trees.of_tar(output("get_archive", root, path="/data"))}
    kind, mode, uid, gid, seconds, _, size, xattrs = rows["data/hello"]
    assert (kind, mode, uid, gid, seconds, size) == ("0", 0o644, 5, 6, 1_234_567_890, 6)
    assert set(xattrs) == {"SCHILY.xattr.security.capability", "SCHILY.xattr.user.mark"}
    assert "data/sock" not in rows
    assert (rows["data/fifo"][0], rows["data/null"][0]) == ("6", "3")


def test_hard_links_carry_the_archived_name(root: Root) -> None:
    rows = {row[0]: row for row in trees.of_tar(output("get_archive", root, path="/data/."))}
    assert (rows["./zz"][1], rows["./zz"][6]) == ("1", "./hello")


def test_a_vast_hole_costs_little(root: Root) -> None:
    def fill(merged: Path) -> None:
        with open(merged / "sparse", "wb") as file:
            file.truncate(8 << 30)
            os.pwrite(file.fileno(), b"x", 5 << 30)
        with open(merged / "hole", "wb") as file:
            file.truncate(1 << 40)

    root.change(fill)
    data = output("get_archive", root, path="/sparse")
    assert len(data) < 1 << 20
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        member = archive.getmember("sparse")
        assert member.size == 8 << 30
        assert any(start <= 5 << 30 < start + length for start, length in member.sparse or ())
    with tarfile.open(fileobj=io.BytesIO(output("get_archive", root, path="/hole"))) as archive:
        assert archive.getmember("hole").size == 1 << 40


def test_export_is_the_merged_root_without_what_is_mounted(root: Root, tmp_path: Path) -> None:
    def fill(merged: Path) -> None:
        os.remove(merged / "data/zz")
        (merged / "proc").mkdir()
        (merged / "etc/hosts").touch()

    root.change(fill)

    def mounted() -> list[str]:
        merged = root.attach()
        subprocess.run(["mount", "-t", "proc", "proc", merged / "proc"], check=True)
        subprocess.run(["mount", "--bind", "/etc/hosts", merged / "etc/hosts"], check=True)
        rows = trees.of_tar(output("export", merged))
        assert next(row for row in rows if row[0] == "etc/hosts")[7] == 0
        return [row[0] for row in rows]

    expected = "data data/hello data/sub data/sub/rel dl etc etc/hosts etc/passwd proc"
    assert in_child(mounted) == expected.split()


def test_a_running_containers_proc_is_left_out_of_copies(root: Root) -> None:
    root.change(lambda merged: (merged / "proc").mkdir())

    def mounted() -> list[str]:
        merged = root.attach()
        subprocess.run(["mount", "-t", "proc", "proc", merged / "proc"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "x", merged / "data"], check=True)
        (merged / "data/volume").touch()
        return names(output("get_archive", merged, path="/"))

    found = in_child(mounted)
    assert "/data/volume" in found and "/proc" in found
    assert not any(name.startswith("/proc/") for name in found)
