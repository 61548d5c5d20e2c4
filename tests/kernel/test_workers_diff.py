"""diff, changes and du over real overlays."""

import hashlib
import io
import json
import os
import socket
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxship.archive.reader import open_file
from boxship.base.errors import Internal, InvalidParameter
from boxship.kernel import mount
from boxship.sandbox.stacks import make_stacks
from boxship.sandbox.workers import changes as changes_worker
from support import trees
from support.requirements import require_root, require_tool
from support.workers import Root, in_child, private_mounts, run

KINDS = {0: "C", 1: "A", 2: "D"}
# What a runtime leaves behind in an upper directory.
PLACEHOLDERS = ["dev", "dev/console", "proc", "etc/hosts", "etc/mtab", "run/secrets"]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    require_root()
    lower, top = tmp_path / "lower", tmp_path / "top"
    (lower / "data/sub").mkdir(parents=True)
    (lower / "data/hello").write_text("hello\n")
    os.link(lower / "data/hello", lower / "data/hard")
    os.symlink("../data/hello", lower / "data/sub/rel")
    (lower / "etc").mkdir()
    (lower / "etc/conf").write_text("x\n")
    (lower / "tmp").mkdir()
    os.chmod(lower / "tmp", 0o1777)
    (top / "opt/old/deep").mkdir(parents=True)
    (top / "opt/old/file").write_text("1")
    return Root(tmp_path / "c", [top, lower])


def changes(root: Root, exclude: list[str] | None = None) -> list[str]:
    upper = os.open(root.upper, os.O_PATH)
    try:
        with open(os.memfd_create("out"), "w+b") as out:
            fds = [upper, out.fileno()]
            run("changes", {"exclude": exclude or []}, fds, root, below=True)
            out.seek(0)
            found = json.loads(out.read())
    finally:
        os.close(upper)
    return [f"{KINDS[row['Kind']]} {row['Path']}" for row in found or ()]


def busy(merged: Path) -> None:
    """The changes that the oracle saw; the expected list below is dockerd's, sorted by path."""
    os.remove(merged / "data/hello")
    (merged / "data/sub/rel").unlink()
    (merged / "data/sub").rmdir()
    (merged / "data/sub").mkdir()
    (merged / "data/sub/new").touch()
    (merged / "etc/conf").touch()
    (merged / "etc/new").mkdir()
    (merged / "etc/new/y").touch()
    (merged / "tmp/z").touch()
    (merged / "tmp/z").unlink()


BUSY = """
D /data/hello|C /data|C /data/sub|A /data/sub/new|D /data/sub/rel|C /etc|C /etc/conf|A /etc/new
A /etc/new/y
"""


def test_changes_are_dockers(root: Root) -> None:
    root.change(busy)
    expected = sorted(BUSY.replace("|", "\n").split("\n"), key=lambda row: row[2:])
    assert changes(root) == [row for row in expected if row]


def test_nothing_changed(root: Root) -> None:
    root.change(lambda merged: None)
    assert changes(root) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda m: os.chmod(m / "tmp", 0o777), ["C /tmp"]),
        (lambda m: os.chown(m / "data/hello", 1, 1), ["C /data", "C /data/hello"]),
        (lambda m: os.utime(m / "data", (1, 1)), []),
        (lambda m: os.chmod(m, 0o700), []),
        (
            lambda m: (m / "etc/conf").unlink() or (m / "etc/conf").mkdir(),
            ["C /etc", "C /etc/conf"],
        ),
        (
            lambda m: subprocess.run(["rm", "-r", m / "opt"]) and (m / "opt").touch(),
            ["C /opt"],
        ),
        (
            lambda m: (
                subprocess.run(["rm", "-r", m / "opt/old"])
                and (m / "opt/old/deep").mkdir(parents=True)
            ),
            ["C /opt", "C /opt/old", "D /opt/old/file"],
        ),
        (
            lambda m: (
                (
                    subprocess.run(["rm", "-r", m / "opt"])
                    and (m / "opt/old/deep").mkdir(parents=True)
                )
                or (m / "opt/old/file").mkdir()
            ),
            ["C /opt", "C /opt/old", "C /opt/old/file"],
        ),
        (
            lambda m: os.rename(m / "opt/old/file", m / "f"),
            ["A /f", "C /opt", "C /opt/old", "D /opt/old/file"],
        ),
    ],
)
def test_kinds_of_change(root: Root, change: Callable[[Path], Any], expected: list[str]) -> None:
    def apply(merged: Path) -> None:
        change(merged)

    root.change(apply)
    assert changes(root) == expected


def runtime_placeholders(merged: Path) -> None:
    for name in ("dev", "proc", "run"):
        (merged / name).mkdir()
    (merged / "run/secrets").touch()
    (merged / "dev/console").touch()
    (merged / "etc/hosts").touch()
    os.symlink("/proc/mounts", merged / "etc/mtab")


def test_what_the_runtime_made_is_no_change(root: Root) -> None:
    root.change(runtime_placeholders)
    assert changes(root, [*PLACEHOLDERS, "run"]) == []

    def use(merged: Path) -> None:
        (merged / "dev/mine").touch()
        (merged / "etc/hosts").write_text("full")

    root.change(use)
    expected = ["A /dev", "A /dev/mine", "C /etc", "A /etc/hosts"]
    assert changes(root, [*PLACEHOLDERS, "run"]) == expected


def test_a_link_below_is_not_followed(root: Root) -> None:
    """A directory takes the place of a link to a directory that has the same names."""
    os.symlink("data", root.lowers[1] / "way")

    def swap(merged: Path) -> None:
        (merged / "way").unlink()
        (merged / "way").mkdir()
        (merged / "way/hello").touch()

    root.change(swap)
    assert changes(root) == ["C /way", "A /way/hello"]


class Layer:
    """The outcome of diff: archive, index and result."""

    def __init__(self, root: Root, base: Path, exclude: list[str], below: bool) -> None:
        self.tar, self.index = base / "layer.tar", base / "index"
        upper = os.open(root.upper, os.O_PATH)
        with open(self.tar, "w+b") as out, open(self.index, "wb") as index:
            fds = [upper, out.fileno(), index.fileno()]
            args = {"exclude": exclude}
            self.result = run("diff", args, fds, root if below else None, below=True)
        os.close(upper)
        self.data = self.tar.read_bytes()

    def names(self) -> list[str]:
        return [row[0] for row in trees.of_tar(self.data)]


def diff(root: Root, exclude: list[str] | None = None, below: bool = True) -> Layer:
    return Layer(root, root.base, exclude or [], below)


def test_a_layer_in_dockers_format(root: Root) -> None:
    root.change(busy)
    layer = diff(root)
    expected = "data data/.wh.hello data/sub data/sub/.wh..wh..opq data/sub/new "
    expected += "etc etc/conf etc/new etc/new/y tmp"
    assert " ".join(layer.names()) == expected
    assert layer.result["digest"] == "sha256:" + hashlib.sha256(layer.data).hexdigest()
    assert layer.result["size"] == len(layer.data)


def test_the_same_bytes_every_time(root: Root) -> None:
    root.change(busy)
    assert diff(root).data == diff(root).data


@pytest.mark.parametrize("below", [True, False])
def test_placeholders_stay_out_of_layers(root: Root, below: bool) -> None:
    root.change(runtime_placeholders)
    # Without the layers below nobody can tell that /etc is as it was.
    assert diff(root, [*PLACEHOLDERS, "run"], below).names() == ([] if below else ["etc"])

    def use(merged: Path) -> None:
        (merged / "dev/mine").touch()
        os.chmod(merged / "etc", 0o700)

    root.change(use)
    assert diff(root, [*PLACEHOLDERS, "run"], below).names()[:2] == ["dev", "dev/mine"]
    assert diff(root, [*PLACEHOLDERS, "run"], below).names()[-1] == "etc"


def rich(merged: Path) -> None:
    busy(merged)
    top = merged / "rich"
    top.mkdir()
    (top / "a").write_bytes(os.urandom(70_000))
    os.link(top / "a", top / "b")
    os.symlink("/" + "x" * 300, top / "long link")
    os.mkfifo(top / "fifo")
    os.mknod(top / "zero", 0o020666, os.makedev(1, 5))
    os.setxattr(top / "a", "user.mark", b"1")
    os.setxattr(top, "user.dir", b"2")
    os.chown(top / "a", 3_000_000, 4)
    os.chmod(top / "a", 0o6755)
    (top / ("ü" * 100)).touch()
    with open(top / "sparse", "wb") as file:
        file.truncate(8 << 30)
        os.pwrite(file.fileno(), b"middle", (3 << 30) + 17)
    with open(top / "hole", "wb") as file:
        file.truncate(5 << 30)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(top / "sock"))
    os.chdir(top)
    for _ in range(70):
        os.mkdir("p" * 50)
        os.chdir("p" * 50)
    Path("bottom").touch()


def test_the_index_mounts_to_the_same_tree(root: Root) -> None:
    root.change(rich)
    layer = diff(root)
    assert len(layer.data) < 20 << 20

    def look(merged: Path) -> dict[str, Any]:
        subprocess.run(["rm", "-f", merged / "rich/sock"], check=True)
        return summary(merged)

    before = in_child(lambda: look(root.attach()))

    def remounted() -> dict[str, Any]:
        private_mounts()
        stack = [{"kind": "erofs", "index": str(layer.index), "data": str(layer.tar)}]
        stack += [{"kind": "dir", "path": str(p)} for p in root.lowers]
        fd = make_stacks(str(root.base / "empty")).mount({"layers": stack})
        mount.move_mount(fd, os.open(root.base / "merged", os.O_PATH))
        return summary(root.base / "merged")

    assert in_child(remounted) == before


def summary(top: Path) -> dict[str, Any]:
    """Everything but directories' times; contents as digests; whole seconds."""
    found = {}
    script = ["find", ".", "-printf", "%p\\0%M %U:%G %l %s\\0"]
    listing = subprocess.run(script, cwd=top, capture_output=True, check=True).stdout
    parts = listing.split(b"\0")[:-1]
    for path, line in zip(parts[::2], parts[1::2], strict=True):
        kind = line[:1]
        found[os.fsdecode(path)] = line.rsplit(b" ", kind == b"d")[0].decode()
    for name in ("rich/a", "data/hard", "etc/conf"):
        found["content of " + name] = hashlib.sha256((top / name).read_bytes()).hexdigest()
    found["same"] = str((top / "rich/a").stat().st_nlink)
    found["xattr"] = os.getxattr(top / "rich/a", "user.mark").decode()
    found["dir xattr"] = os.getxattr(top / "rich", "user.dir").decode()
    with open(top / "rich/sparse", "rb") as file:
        found["middle"] = os.pread(file.fileno(), 8, (3 << 30) + 16).hex()
    return found


def test_tar_and_our_reader_agree_on_the_layer(root: Root) -> None:
    root.change(rich)
    layer = diff(root)
    listing = subprocess.run(["tar", "-tf", layer.tar], capture_output=True, check=True).stdout
    with open(layer.tar, "rb") as file:
        ours = [entry.path for entry in open_file(file)]
    assert len(ours) == listing.count(b"\n")
    assert ours == sorted(ours, key=lambda path: path.split(b"/"))


def test_dockerd_takes_the_layer(root: Root, dockerd: Any) -> None:
    """import, then the tree that a container sees."""
    require_tool("docker")

    def small(merged: Path) -> None:
        (merged / "rich").mkdir()
        (merged / "rich/a").write_text("1")
        os.link(merged / "rich/a", merged / "rich/b")
        with open(merged / "rich/sparse", "wb") as file:
            file.truncate(64 << 20)
            os.pwrite(file.fileno(), b"x", 32 << 20)

    root.change(small)
    image = dockerd.docker("import", str(diff(root).tar)).stdout.strip()
    name = dockerd.docker("create", image, "x").stdout.strip()
    exported = root.base / "exported.tar"
    dockerd.docker("export", "-o", str(exported), name)
    with tarfile.open(exported) as found:
        assert found.getmember("rich/sparse").size == 64 << 20
        links = {m.linkname for m in found if m.islnk()}
    assert links == {"rich/a"}


def test_paths_that_no_one_could_open_are_refused(root: Root) -> None:
    def fill(merged: Path) -> None:
        os.chdir(merged)
        for _ in range(100):
            os.mkdir("p" * 50)
            os.chdir("p" * 50)

    root.change(fill)
    with pytest.raises(InvalidParameter, match="file name too long"):
        diff(root)
    with pytest.raises(Internal, match=r"^lstat /p{50}/p.*file name too long$"):
        changes(root)


@pytest.mark.parametrize("length", [4094, 4095])
def test_changes_list_paths_as_long_as_a_system_call_takes(root: Root, length: int) -> None:
    def fill(merged: Path) -> None:
        os.chdir(merged)
        for _ in range(80):
            os.mkdir("p" * 50)
            os.chdir("p" * 50)
        os.mkdir("q" * (length - 80 * 51))

    root.change(fill)
    if length < changes_worker.LONGEST_PATH:
        assert len(changes(root)[-1]) == len("A /") + length
    else:
        with pytest.raises(Internal, match="file name too long"):
            changes(root)


def test_the_list_of_changes_is_limited(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    root.change(lambda merged: [(merged / f"new{number}").touch() for number in range(10)] and None)
    monkeypatch.setattr(changes_worker, "MOST_BYTES", 10 * (4 + 64))
    assert len(changes(root)) == 10
    monkeypatch.setattr(changes_worker, "MOST_BYTES", 10 * (4 + 64) - 1)
    with pytest.raises(Internal, match="changed too many files"):
        changes(root)


def test_du_counts_lengths_once(root: Root) -> None:
    def fill(merged: Path) -> None:
        (merged / "a").write_bytes(b"x" * 1000)
        os.link(merged / "a", merged / "b")
        os.symlink("target", merged / "l")
        os.truncate(merged / "a", 5000)

    root.change(fill)
    upper = os.open(root.upper, os.O_PATH)
    assert run("du", {}, [upper])["size"] == 5000 + len("target")
    os.close(upper)


def test_members_of_a_changing_file_keep_the_archive_intact(root: Root) -> None:
    """A file that is cut and grown while it is read."""
    (root.upper / "f").write_bytes(b"x" * 3_000_000)

    def race() -> None:
        child = os.fork()
        if not child:
            while True:
                os.truncate(root.upper / "f", 10)
                os.truncate(root.upper / "f", 3_000_000)
        try:
            for _ in range(20):
                rows = trees.of_tar(diff(root).data)
                assert [row[0] for row in rows] == ["f"]
        finally:
            os.kill(child, 9)
            os.waitpid(child, 0)

    in_child(race)
    assert io.BytesIO(diff(root).data).getbuffer().nbytes % 512 == 0
