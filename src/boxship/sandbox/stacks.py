"""Root file systems: layers stacked by overlayfs, as detached mounts that nobody else sees.

Kernels differ in what overlayfs takes as a layer. From Linux 6.15 on it takes the descriptor of a
detached mount, and nothing is mounted anywhere. Before, a layer has to be mounted in the mount
namespace that the overlay is made in: a namespace without processes holds the layers there.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Protocol

from boxship.kernel import mount, process
from boxship.sandbox.layers import (
    OFF,
    LayerCache,
    Rootfs,
    lacking,
    mapped,
    mapped_overlay,
    open_layer,
    overlay,
)
from boxship.sandbox.skeleton import Skeletons

NAMES = ("descriptors", "namespace")
# Stand in for layers; two, since overlayfs takes no directory twice.
_EMPTIES = ("a", "b")
_MERGED = "merged"
# Of one visit: short, for 127 names of layers have to fit a page.
_MAPPED = "m"


class Stacks(Protocol):
    def load(self, rootfs: Rootfs) -> None:
        """Mount the layers that are new."""

    def descriptors(self) -> list[int]:
        """What :meth:`mount` needs in a child."""

    def mount(self, rootfs: Rootfs, userns: int = -1) -> int:
        """A detached mount of the root file system; the caller closes the descriptor.

        *userns*: a user namespace, as whose users the owners of files are shown. overlayfs works
        in the caller's name, who has to be :func:`~boxship.sandbox.userns.making_files_for` it.
        """

    def forget(self, keys: list[str]) -> None:
        """Let go of the layers with these index paths or directories."""


def make_stacks(place: str, name: str = "") -> Stacks:
    """The way that this kernel allows, or the one that *name* asks for.

    *place* is an empty directory; something may be mounted there in a namespace that has no
    processes.
    """
    if name not in ("", *NAMES):
        raise OSError(errno.EINVAL, f"unknown way to stack layers: {name}")
    by_descriptor = name == "descriptors" or (not name and _takes_detached_layers())
    return DescriptorStacks() if by_descriptor else NamespaceStacks(place)


def _takes_detached_layers() -> bool:
    try:
        os.close(DescriptorStacks().mount({"layers": []}))
    except OSError:
        return False
    return True


def _tmpfs() -> int:
    context = mount.fsopen("tmpfs")
    try:
        mount.fsconfig_create(context)
        return mount.fsmount(context)
    finally:
        os.close(context)


class DescriptorStacks:
    """Layers are descriptors of detached mounts."""

    def __init__(self) -> None:
        self._layers = LayerCache(open_layer, os.close)
        self._skeletons = Skeletons(self.mount)
        self._empties = [_tmpfs() for _ in _EMPTIES]

    def load(self, rootfs: Rootfs) -> None:
        self._layers.load(self._skeletons.resolve(rootfs)["layers"])

    def descriptors(self) -> list[int]:
        return [*self._layers.handles(), *self._empties]

    def mount(self, rootfs: Rootfs, userns: int = -1) -> int:
        rootfs = self._skeletons.resolve(rootfs)
        layers = [*self._layers.load(rootfs["layers"]), *self._empties[: lacking(rootfs)]]
        if userns < 0:
            return overlay(rootfs, layers)
        return mapped_overlay(rootfs, layers, userns)

    def forget(self, keys: list[str]) -> None:
        self._layers.forget(keys)


class NamespaceStacks:
    """Layers are mounted as directories 0, 1, 2, ... of a tmpfs, in a mount namespace of ours.

    The namespace is a copy of the caller's, so that upper directories are found in it, and is
    told of later changes where mounts are shared. The caller enters it for each of the calls here
    and so must have a single thread. Short relative names keep any number of layers within the
    page that mount(2) takes its options from.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._home = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        self._count = 0
        self._layers = LayerCache(self._add, self._remove)
        self._skeletons = Skeletons(self.mount)
        with self._back_home():
            process.unshare(process.CLONE_NEWNS)
            mount.mount(None, "/", None, mount.MS_REC | mount.MS_SLAVE)
            mount.mount("boxship", place, "tmpfs", mount.MS_NOSUID | mount.MS_NODEV, "mode=700")
            for name in (*_EMPTIES, _MERGED, _MAPPED):
                os.mkdir(os.path.join(place, name), 0o755)
            self._inside = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)

    def load(self, rootfs: Rootfs) -> None:
        self._layers.load(self._skeletons.resolve(rootfs)["layers"])

    def descriptors(self) -> list[int]:
        return [self._home, self._inside]

    def mount(self, rootfs: Rootfs, userns: int = -1) -> int:
        rootfs = self._skeletons.resolve(rootfs)
        layers = [str(name) for name in self._layers.load(rootfs["layers"])]
        layers += _EMPTIES[: lacking(rootfs)]
        with self._entered():
            if userns >= 0:
                rootfs, layers = _map(rootfs, layers, userns)
            mount.mount("overlay", _MERGED, "overlay", 0, _options(rootfs, layers))
            try:
                return mount.clone(-100, _MERGED)
            finally:
                mount.unmount(_MERGED, mount.MNT_DETACH)

    def forget(self, keys: list[str]) -> None:
        self._layers.forget(keys)

    def _add(self, layer: dict[str, str]) -> int:
        name, self._count = self._count, self._count + 1
        with self._entered():
            source = _open_detached(layer)
            try:
                os.mkdir(str(name))
                target = os.open(str(name), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
                mount.move_mount(source, target)
                os.close(target)
            finally:
                os.close(source)
        return name

    def _remove(self, name: int) -> None:
        with self._entered():
            mount.unmount(str(name), mount.MNT_DETACH)
            os.rmdir(str(name))

    @contextlib.contextmanager
    def _entered(self) -> Iterator[None]:
        with self._back_home():
            process.setns(self._inside, process.CLONE_NEWNS)
            os.chdir(self._place)
            yield

    @contextlib.contextmanager
    def _back_home(self) -> Iterator[None]:
        """Joining a namespace moves the working directory: the one of before is restored."""
        directory = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield
        finally:
            process.setns(self._home, process.CLONE_NEWNS)
            os.fchdir(directory)
            os.close(directory)


def _open_detached(layer: dict[str, str]) -> int:
    if layer["kind"] == "dir":
        return mount.clone(-100, layer["path"])
    return open_layer(layer)


def _map(rootfs: Rootfs, layers: list[str], userns: int) -> tuple[Rootfs, list[str]]:
    """Mapped copies of everything, in a copy of the namespace that ends when it is left."""
    process.unshare(process.CLONE_NEWNS)
    mount.mount("boxship", _MAPPED, "tmpfs", mount.MS_NOSUID | mount.MS_NODEV, "mode=700")
    upper = rootfs.get("upper")
    sources = [*layers, *([os.path.dirname(upper)] if upper else [])]
    names = [f"{_MAPPED}/{number}" for number in range(len(sources))]
    for name, source in zip(names, sources, strict=True):
        os.mkdir(name)
        copy = mapped(-100, source, userns)
        target = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        mount.move_mount(copy, target)
        os.close(copy)
        os.close(target)
    if not upper:
        return rootfs, names
    ends = {key: f"{names[-1]}/{os.path.basename(rootfs[key])}" for key in ("upper", "work")}
    return rootfs | ends, names[:-1]


def _options(rootfs: Rootfs, layers: list[str]) -> str:
    """The options of mount(2), relative to the directory that holds the layers."""
    options = [f"{key}=off" for key in OFF]
    only_read = rootfs.get("read_only", False)
    top = [_escaped(rootfs["upper"]).replace(":", "\\:")] if only_read else []
    options.append("lowerdir=" + ":".join([*top, *layers]))
    if rootfs.get("upper") and not only_read:
        options += [f"upperdir={_escaped(rootfs['upper'])}", f"workdir={_escaped(rootfs['work'])}"]
    if rootfs.get("volatile"):
        options.append("volatile")
    return ",".join(options)


def _escaped(path: str) -> str:
    return path.replace("\\", "\\\\").replace(",", "\\,")
