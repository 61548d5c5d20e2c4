"""Every snapshotter gives containers the same tree for the same layers.

A new snapshotter joins by its name in ``boxship.images.snapshots.choose``; nothing here may depend
on how one works.
"""

import asyncio
import os
import stat
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from boxship.images.catalog import LayerRow
from boxship.images.layers import LayerStore, StagedLayer
from boxship.images.snapshots.choose import NAMES, make_snapshotter
from boxship.images.snapshots.snapshotter import RootfsLayer, Snapshotter
from boxship.kernel import mount
from boxship.sandbox.stacks import make_stacks
from boxship.sandbox.workers.layer_sink import Budget, store
from support import trees
from support.image_archives import link, sha, tar
from support.image_store import WorkerProcesses
from support.requirements import require_root
from support.workers import in_child, private_mounts

Member = tuple[str | tarfile.TarInfo, bytes]
Tree = dict[str, tuple[Any, ...]]


class Bench:
    """A layer store with one snapshotter over it."""

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        self.store = LayerStore(root / "layers")
        self.snapshotter: Snapshotter = make_snapshotter(
            name, self.store, root / "snapshots", WorkerProcesses()
        )

    def add(self, *stack: Sequence[Member]) -> list[LayerRow]:
        """Layers of these members, stored and prepared."""
        rows = [self._store(tar(members)) for members in stack]
        asyncio.run(self.snapshotter.prepare(rows))
        return rows

    def _store(self, data: bytes) -> LayerRow:
        directory = self.root / f"staged-{sha(data)[:8]}"
        found = store([data], str(directory), Budget(1 << 30))
        diff_id = f"sha256:{found.diff_id}"
        staged = StagedLayer(diff_id, directory, found.size, found.stored, found.index_digest)
        self.store.adopt(staged)
        return LayerRow(diff_id, found.size, found.stored, found.index_digest, found.opaque, "")

    def merged(self, rows: Sequence[LayerRow]) -> Tree:
        """What a container sees of *rows*: modes, owners, times, content."""
        found: Tree = self.look(rows, lambda top: {k: list(v) for k, v in _tree(top).items()})
        return {name: tuple(entry) for name, entry in found.items()}

    def look(self, rows: Sequence[LayerRow], action: Any) -> Any:
        """The JSON-able result of *action* on the mounted root of a container."""
        for name in ("empty", "merged", "upper", "work"):
            (self.root / name).mkdir(exist_ok=True)
        top = self.root / "merged"
        spec = {
            "layers": self.snapshotter.layers(rows),
            "upper": f"{self.root}/upper",
            "work": f"{self.root}/work",
        }

        def child() -> Any:
            private_mounts()
            fd = make_stacks(str(self.root / "empty")).mount(spec)
            target = os.open(top, os.O_PATH)
            mount.move_mount(fd, target)
            return action(top)

        return in_child(child)


def _tree(top: Path) -> Tree:
    def plain(value: Any) -> Any:
        return value.decode("latin-1") if isinstance(value, bytes) else value

    found = trees.of_directory(top)
    return {name: (*entry[:-1], plain(entry[-1])) for name, entry in found.items()}


@pytest.fixture(params=NAMES)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    require_root()
    if "erofs" not in Path("/proc/filesystems").read_text():
        pytest.skip("kernel: no erofs")
    return Bench(tmp_path, request.param)


def entry(name: str, kind: bytes = tarfile.REGTYPE, **fields: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime = kind, 0o644, 1_500_000_000
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def directory(name: str, mode: int = 0o755) -> tarfile.TarInfo:
    return entry(name, tarfile.DIRTYPE, mode=mode)


def names(tree: Tree) -> list[str]:
    return sorted(tree)


def test_all_kinds_of_members(bench: Bench) -> None:
    long = "n" * 200 + "/" + "m" * 250
    rows = bench.add(
        [
            (directory("d", 0o1777), b""),
            (entry("d/file", mode=0o4755, uid=1000, gid=2000), b"content"),
            (link("d/soft", "../d/file"), b""),
            (link("d/dangling", "/nowhere/at/all"), b""),
            (link("hard", "d/file", tarfile.LNKTYPE), b""),
            (entry("null", tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666), b""),
            (entry("disk", tarfile.BLKTYPE, devmajor=8, devminor=1, mode=0o660), b""),
            (entry("pipe", tarfile.FIFOTYPE), b""),
            (entry("empty", mode=0o600), b""),
            (entry("ünï"), b"x"),
            (entry(long), b"long"),
            (entry("implied/by/file"), b"y"),
        ]
    )
    tree = bench.merged(rows)
    assert tree["d"][:2] == ("d", 0o1777)
    assert tree["d/file"] == ("-", 0o4755, 1000, 2000, 1_500_000_000, "content")
    assert tree["hard"] == tree["d/file"]
    assert tree["d/soft"][0::5] == ("l", "../d/file")
    assert tree["d/dangling"][-1] == "/nowhere/at/all"
    assert (tree["null"][:2], tree["null"][-1]) == (("c", 0o666), os.makedev(1, 3))
    assert (tree["disk"][:2], tree["disk"][-1]) == (("b", 0o660), os.makedev(8, 1))
    assert tree["pipe"][0] == "p"
    assert tree["empty"][-1] == ""
    assert tree["ünï"][-1] == "x"
    assert tree[long][-1] == "long"
    assert tree["implied"][:4] == ("d", 0o755, 0, 0)
    links = bench.look(rows, lambda top: (top / "hard").stat().st_nlink)
    assert links == 2


def test_a_layer_that_occurs_twice(bench: Bench) -> None:
    first = [(entry("kept"), b"k"), (entry(".wh.gone"), b"")]
    second = [(entry(".wh.kept"), b""), (entry("gone"), b"g"), (entry("other"), b"o")]
    below = [(entry("gone"), b"below")]
    one, two, bottom = (bench.add(members)[0] for members in (first, second, below))
    rows = [bottom, one, two, one]
    asyncio.run(bench.snapshotter.prepare(rows))
    assert names(bench.merged(rows)) == ["kept", "other"]


def test_later_layers_replace_and_join(bench: Bench) -> None:
    rows = bench.add(
        [
            (directory("a", 0o700), b""),
            (entry("a/one"), b"1"),
            (entry("a/two"), b"2"),
            (entry("was-file"), b""),
            (directory("was-dir"), b""),
            (entry("was-dir/x"), b""),
        ],
        [
            (directory("a", 0o750), b""),
            (entry("a/two"), b"new"),
            (entry("a/three"), b"3"),
            (directory("was-file"), b""),
            (entry("was-file/y"), b""),
            (entry("was-dir"), b"now a file"),
        ],
    )
    tree = bench.merged(rows)
    assert names(tree) == ["a", "a/one", "a/three", "a/two", "was-dir", "was-file", "was-file/y"]
    assert tree["a"][1] == 0o750
    assert tree["a/two"][-1] == "new"
    assert tree["was-dir"][-1] == "now a file"


def test_whiteouts_delete_from_layers_below_only(bench: Bench) -> None:
    rows = bench.add(
        [(entry("d/keep"), b""), (entry("d/gone"), b""), (entry("tree/x/y"), b"")],
        [
            (entry("d/.wh.gone"), b""),
            (entry(".wh.tree"), b""),
            (entry("d/.wh.never-was"), b""),
            (entry("d/fresh"), b""),
            (entry("d/.wh.fresh"), b""),
            (entry(".wh..wh.plnk"), b""),
        ],
    )
    assert names(bench.merged(rows)) == ["d", "d/fresh", "d/keep"]


def test_what_was_deleted_may_come_back(bench: Bench) -> None:
    rows = bench.add(
        [(entry("d/old"), b""), (entry("f"), b"1")],
        [(entry(".wh.d"), b""), (entry(".wh.f"), b"")],
        [(entry("d/new"), b""), (entry("f"), b"2")],
    )
    tree = bench.merged(rows)
    assert names(tree) == ["d", "d/new", "f"]
    assert tree["f"][-1] == "2"


def test_a_whiteout_beside_a_directory_hides_what_was_in_it(bench: Bench) -> None:
    rows = bench.add([(entry("d/old"), b"")], [(entry("d/new"), b""), (entry(".wh.d"), b"")])
    assert names(bench.merged(rows)) == ["d", "d/new"]


@pytest.mark.parametrize("order", [1, -1])
def test_opaque_directories(bench: Bench, order: int) -> None:
    members: list[Member] = [
        (directory("d"), b""),
        (entry("d/.wh..wh..opq"), b""),
        (entry("d/new"), b""),
    ]
    rows = bench.add(
        [(entry("d/old"), b""), (entry("d/sub/deep"), b""), (entry("e"), b"")], members[::order]
    )
    assert names(bench.merged(rows)) == ["d", "d/new", "e"]


def test_an_opaque_root_hides_everything(bench: Bench) -> None:
    rows = bench.add(
        [(entry("old"), b""), (entry("d/old"), b"")],
        [(entry(".wh..wh..opq"), b""), (entry("d/new"), b"")],
        [(entry("top"), b"")],
    )
    assert names(bench.merged(rows)) == ["d", "d/new", "top"]


def test_links_in_a_layer_do_not_lead_out(bench: Bench) -> None:
    outside = bench.root / "outside"
    outside.mkdir()
    (outside / "secret").write_text("s")
    up = "../" * 20 + str(outside).lstrip("/")
    rows = bench.add(
        [(directory("inside"), b""), (link("way", "inside"), b""), (link("far", up), b"")],
        [(entry("way/file"), b"through a link")],
    )
    assert (outside / "secret").read_text() == "s"
    assert os.listdir(outside) == ["secret"]
    assert bench.merged(rows)["far"][-1] == up


def test_extended_attributes(bench: Bench) -> None:
    capability = bytes.fromhex("0100000200040000000000000000000000000000")
    info = entry("ping", mode=0o755)
    info.pax_headers = {
        "SCHILY.xattr.security.capability": capability.decode("latin-1"),
        "SCHILY.xattr.user.note": "hello",
    }
    rows = bench.add([(info, b"x")])

    def read(top: Path) -> list[str]:
        return [
            os.getxattr(top / "ping", name).hex() for name in ("user.note", "security.capability")
        ]

    assert bench.look(rows, read)[0] == b"hello".hex()


def test_a_hole_costs_nothing(bench: Bench) -> None:
    size = 1 << 32
    info = entry("sparse")
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "sparse",
        "GNU.sparse.realsize": str(size),
    }
    data = f"2\n4096\n5\n{size}\n0\n".encode().ljust(512, b"\0") + b"hello"
    rows = bench.add([(info, data)])

    def read(top: Path) -> list[Any]:
        with open(top / "sparse", "rb") as file:
            status = os.fstat(file.fileno())
            file.seek(4096)
            return [status.st_size, file.read(5).decode()]

    assert bench.look(rows, read) == [size, "hello"]
    used = sum(path.lstat().st_blocks for path in bench.root.rglob("*")) * 512
    assert used < 16 << 20


def test_layers_are_shared_between_stacks(bench: Bench) -> None:
    base, first = bench.add([(entry("base"), b"b")], [(entry("one"), b"1")])
    (second,) = bench.add([(entry("two"), b"2")])
    asyncio.run(bench.snapshotter.prepare([base, second]))
    assert names(bench.merged([base, first])) == ["base", "one"]
    assert names(bench.merged([base, second])) == ["base", "two"]


def test_no_layers_are_an_empty_root(bench: Bench) -> None:
    asyncio.run(bench.snapshotter.prepare([]))
    assert bench.merged([]) == {}


def test_an_empty_layer(bench: Bench) -> None:
    assert bench.merged(bench.add([])) == {}


def test_preparing_again_is_harmless_and_forgetting_leaves_nothing(bench: Bench) -> None:
    rows = bench.add([(entry("a"), b"")], [(entry("b"), b"")])
    asyncio.run(bench.snapshotter.prepare(rows))
    before = bench.snapshotter.layers(rows)
    gone: list[RootfsLayer] = []
    for row in rows:
        gone += bench.snapshotter.forget(row.diff_id)
        bench.store.delete(row.diff_id)
    assert {tuple(one.items()) for one in before} == {tuple(one.items()) for one in gone}
    left = [path for path in bench.root.rglob("*") if stat.S_ISREG(path.lstat().st_mode)]
    assert left == []


def test_a_layer_that_cannot_be_unpacked_leaves_nothing(bench: Bench) -> None:
    if bench.snapshotter.name == "erofs":
        return  # derives nothing
    rows = bench.add([(entry("a"), b"")])
    for row in rows:
        bench.snapshotter.forget(row.diff_id)
        bench.store.tar(row.diff_id).write_bytes(b"damaged")
    with pytest.raises(Exception, match="unexpected EOF"):
        asyncio.run(bench.snapshotter.prepare(rows))
    with pytest.raises((OSError, KeyError)):
        bench.merged(rows)
