"""Both ways to stack layers give the same root file systems, and leave no mount on the host."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxship.archive.erofs import IndexBuilder
from boxship.archive.reader import TarReader
from boxship.kernel import mount
from boxship.sandbox import layers as sandbox_layers
from boxship.sandbox import userns
from boxship.sandbox.stacks import NAMES, Stacks, make_stacks
from support.image_archives import tar
from support.requirements import require_root
from support.workers import in_child, private_mounts

Layer = dict[str, str]
Look = Callable[[Path, Stacks], Any]
CONTENT = b"from the archive\n" * 1000


class Bench:
    """Runs looks at a mounted root in a child, as the spawner's children see it."""

    def __init__(self, base: Path, way: str) -> None:
        self.base = base
        self.way = way
        for name in ("empty", "merged", "upper", "work"):
            (base / name).mkdir(parents=True)

    def directory(self, name: str, files: dict[str, str]) -> Layer:
        top = self.base / name
        top.mkdir()
        for path, text in files.items():
            (top / path).write_text(text)
        return {"kind": "dir", "path": str(top)}

    def erofs(self) -> Layer:
        """A layer out of an archive, as the image store keeps it."""
        data = tar([("file", CONTENT), ("small", b"s")])
        archive, index = self.base / "layer.tar", self.base / "index"
        archive.write_bytes(data)
        builder = IndexBuilder()
        for entry in TarReader(io.BytesIO(data).read):
            builder.add(entry)
        with index.open("wb") as out:
            builder.write(out, len(data))
        return {"kind": "erofs", "index": str(index), "data": str(archive)}

    def rootfs(self, *layers: Layer, upper: bool = True, **more: Any) -> dict[str, Any]:
        places = {"upper": f"{self.base}/upper", "work": f"{self.base}/work"} if upper else {}
        return {"layers": list(layers), **places, **more}

    def look(self, rootfs: dict[str, Any], action: Look) -> Any:
        def child() -> Any:
            private_mounts()
            stacks = make_stacks(f"{self.base}/empty", self.way)
            self.attach(stacks.mount(rootfs))
            return action(self.base / "merged", stacks)

        return in_child(child)

    def attach(self, root: int) -> None:
        target = os.open(self.base / "merged", os.O_PATH)
        mount.move_mount(root, target)
        os.close(target)
        os.close(root)


@pytest.fixture(params=NAMES)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    require_root()
    made = Bench(tmp_path / "bench", request.param)
    if request.param == "descriptors":
        default = in_child(lambda: type(make_stacks(f"{made.base}/empty")).__name__)
        if default != "DescriptorStacks":
            pytest.skip("kernel: overlayfs takes no detached mounts as layers")
    return made


def texts(top: Path, stacks: Stacks) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(top.iterdir())}


def names_in(directory: int) -> list[str]:
    return sorted(os.listdir(f"/proc/self/fd/{directory}"))


def test_upper_layers_win(bench: Bench) -> None:
    low = bench.directory("low", {"both": "low", "low": "l"})
    high = bench.directory("high", {"both": "high"})
    assert bench.look(bench.rootfs(high, low), texts) == {"both": "high", "low": "l"}


@pytest.mark.parametrize("upper", [False, True])
def test_the_topmost_of_equal_layers_counts(bench: Bench, upper: bool) -> None:
    one = bench.directory("one", {"both": "1", "one": "1"})
    two = bench.directory("two", {"both": "2", "two": "2"})
    expected = {"both": "1", "one": "1", "two": "2"}
    assert bench.look(bench.rootfs(one, two, one, one, upper=upper), texts) == expected


@pytest.mark.parametrize("upper", [False, True])
def test_nothing_but_equal_layers(bench: Bench, upper: bool) -> None:
    only = bench.directory("only", {"a": "1"})
    assert bench.look(bench.rootfs(only, only, upper=upper), texts) == {"a": "1"}


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("upper", [False, True])
def test_fewer_layers_than_overlayfs_wants(bench: Bench, count: int, upper: bool) -> None:
    layers = [bench.directory("only", {"a": "1"})][:count]
    expected = {"a": "1"} if count else {}
    assert bench.look(bench.rootfs(*layers, upper=upper), texts) == expected


def test_changes_go_to_the_upper_directory(bench: Bench) -> None:
    low = bench.directory("low", {"gone": "g", "kept": "k"})

    def change(top: Path, stacks: Stacks) -> None:
        (top / "gone").unlink()
        (top / "new").write_text("n")

    bench.look(bench.rootfs(low), change)
    assert sorted(os.listdir(bench.base / "upper")) == ["gone", "new"]
    assert os.stat(bench.base / "upper" / "gone").st_rdev == 0
    assert sorted(os.listdir(bench.base / "low")) == ["gone", "kept"]


def test_without_an_upper_directory_nothing_changes(bench: Bench) -> None:
    low = bench.directory("low", {"a": "1"})
    with pytest.raises(OSError, match="Read-only file system"):
        bench.look(bench.rootfs(low, upper=False), lambda top, _: (top / "b").touch())


def test_an_archive_is_a_layer(bench: Bench) -> None:
    layer = bench.erofs()
    found = bench.look(bench.rootfs(layer), texts)
    assert found == {"file": CONTENT.decode(), "small": "s"}


def test_an_archive_through_loop_devices(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Linux 6.12 the kernel answers ENOTBLK to a plain file."""
    direct = sandbox_layers._mount_erofs

    def old_kernel(index: str, data: str) -> int:
        if not index.startswith("/dev/loop"):
            raise OSError(15, "Block device required")
        return direct(index, data)

    monkeypatch.setattr(sandbox_layers, "_mount_erofs", old_kernel)
    before = loop_devices(bench)
    found = bench.look(bench.rootfs(bench.erofs()), lambda t, s: [texts(t, s), loop_devices(bench)])
    assert found[0] == {"file": CONTENT.decode(), "small": "s"}
    assert len(found[1]) == 2
    assert before == loop_devices(bench) == []


def loop_devices(bench: Bench) -> list[str]:
    """Files of ours that loop devices use."""
    found = Path("/sys/block").glob("loop*/loop/backing_file")
    names = [path.read_text().strip() for path in found]
    return [name for name in names if name.startswith(str(bench.base))]


def test_as_many_layers_as_docker_allows(bench: Bench) -> None:
    layers = [
        bench.directory(f"layer-{n}", {f"file-{n}": str(n), "all": str(n)}) for n in range(127)
    ]
    found = bench.look(bench.rootfs(*layers), texts)
    assert len(found) == 128
    assert found["all"] == "0"


def test_awkward_names(tmp_path: Path, bench: Bench) -> None:
    awkward = Bench(tmp_path / "a, b" / ("c" * 200), bench.way)
    low = awkward.directory("x:y", {"a": "1"})
    assert awkward.look(awkward.rootfs(low), texts) == {"a": "1"}


def test_volatile(bench: Bench) -> None:
    low = bench.directory("low", {})
    bench.look(bench.rootfs(low, volatile=True), lambda top, _: (top / "a").touch())
    assert os.path.isdir(bench.base / "work/work/incompat/volatile")


def test_several_roots_share_a_layer_that_is_forgotten(bench: Bench) -> None:
    layer = bench.erofs()

    def more(top: Path, stacks: Stacks) -> Any:
        second = stacks.mount(bench.rootfs(layer, upper=False))
        stacks.forget([layer["index"]])
        stacks.forget(["never there"])
        third = stacks.mount(bench.rootfs(layer, upper=False))
        names = [names_in(fd) for fd in (second, third)]
        return [*names, sorted(os.listdir(top))]

    assert bench.look(bench.rootfs(layer), more) == [["file", "small"]] * 3


def test_nothing_is_mounted_where_the_caller_lives(bench: Bench) -> None:
    low = bench.directory("low", {"a": "1"})

    def child() -> Any:
        os.chdir(bench.base / "low")
        before = Path("/proc/self/mountinfo").read_text()
        root = make_stacks(f"{bench.base}/empty", bench.way).mount(bench.rootfs(low))
        same = Path("/proc/self/mountinfo").read_text() == before
        return [same, os.getcwd(), names_in(root), os.listdir(bench.base / "empty")]

    assert in_child(child) == [True, f"{bench.base}/low", ["a"], []]


def test_unknown_ways_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="unknown way"):
        make_stacks(str(tmp_path), "magic")


def test_owners_are_shown_as_a_user_namespace_has_them(bench: Bench) -> None:
    """On the disk, and for who mounts it plainly, they stay what the layers say."""
    directory = bench.directory("lower", {"plain": "a"})
    mappings = {"uid": [[0, 300000, 1000]], "gid": [[0, 400000, 1000]]}

    def child() -> Any:
        private_mounts()
        stacks = make_stacks(f"{bench.base}/empty", bench.way)
        rootfs = bench.rootfs(directory, bench.erofs())
        with userns.making_files_for(mappings):
            bench.attach(stacks.mount(rootfs, userns.make(mappings)))
        merged = bench.base / "merged"
        shown = {(p.stat().st_uid, p.stat().st_gid) for p in (merged / "plain", merged / "small")}
        with userns.making_files_for(mappings):
            (merged / "made").write_text("m")
            (merged / "plain").write_text("changed")
        made = (merged / "made").stat()
        return [*shown, (made.st_uid, made.st_gid)]

    shown = in_child(child)
    assert [tuple(pair) for pair in shown] == [(300000, 400000)] * 2
    for name in ("made", "plain"):
        status = (bench.base / "upper" / name).stat()
        assert (status.st_uid, status.st_gid) == (0, 0)


def attributes(top: Path, stacks: Stacks) -> dict[str, list[int]]:
    paths = [path for path in sorted(top.rglob("*")) if path.is_dir() and not path.is_symlink()]
    found = {path: path.lstat() for path in paths}
    return {
        str(path.relative_to(top)): [status.st_mode & 0o7777, status.st_uid, status.st_gid]
        for path, status in found.items()
    }


ORDINARY = {path: [0o755, 0, 0] for path in ("dev", "dev/pts", "dev/shm", "etc", "proc", "sys")}


@pytest.mark.parametrize("upper", [False, True])
def test_a_skeleton_takes_over_owners_and_modes_of_the_layers(bench: Bench, upper: bool) -> None:
    low, high = bench.directory("low", {}), bench.directory("high", {})
    skeleton = {"kind": "skeleton", "path": f"{bench.base}/skeletons"}
    for layer, path, mode, owner in (
        (low, "etc", 0o700, 1),
        (high, "etc", 0o2775, 7),
        (low, "dev/shm", 0o1777, 3),
        (low, "proc", 0o555, 0),
    ):
        place = Path(layer["path"], path)
        place.mkdir(parents=True)
        os.chown(place, owner, owner * 2)
        place.chmod(mode)
    expected = ORDINARY | {"etc": [0o2775, 7, 14], "dev/shm": [0o1777, 3, 6], "proc": [0o555, 0, 0]}
    rootfs = bench.rootfs(skeleton, high, low, upper=upper)
    assert bench.look(rootfs, attributes) == expected
    assert os.listdir(skeleton["path"]) == ["dev.shm=1777.3.6+etc=2775.7.14+proc=555.0.0"]


@pytest.mark.parametrize("target", ["/", "/etc", "../../../../.."])
def test_a_skeleton_takes_nothing_over_from_where_links_lead(bench: Bench, target: str) -> None:
    low = bench.directory("low", {"proc": "a file"})
    for name in ("dev", "etc", "sys"):
        Path(low["path"], name).symlink_to(target)
    skeleton = {"kind": "skeleton", "path": f"{bench.base}/skeletons"}
    assert bench.look(bench.rootfs(skeleton, low), attributes) == ORDINARY


def test_a_skeleton_needs_no_layers(bench: Bench) -> None:
    skeleton = {"kind": "skeleton", "path": f"{bench.base}/skeletons"}
    assert bench.look(bench.rootfs(skeleton, upper=False), attributes) == ORDINARY
    assert bench.look(bench.rootfs(skeleton), attributes) == ORDINARY
