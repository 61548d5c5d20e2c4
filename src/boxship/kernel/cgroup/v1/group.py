"""A container's groups under cgroup v1 (kernel documentation, cgroup-v1/)."""

import contextlib
import os
import time

from boxship.kernel.cgroup import files, freezing, tree
from boxship.kernel.cgroup.layout import UNIFIED, Layout
from boxship.kernel.cgroup.resources import Resources
from boxship.kernel.cgroup.stats import Stats
from boxship.kernel.cgroup.v1 import devices, limits, memory, stats

_FREEZE_TIMEOUT = 10.0
_KILL_FREEZE_TIMEOUT = 0.2
_KILL_ROUNDS = 20


class GroupV1:
    """See :class:`boxship.kernel.cgroup.interface.Cgroup`."""

    def __init__(self, layout: Layout, path: str) -> None:
        self.path = path
        self._of = {name: mount + path for name, mount in layout.mounts.items()}
        self._all = tuple(dict.fromkeys(self._of.values()))
        self._mounts = {mount + path: mount for mount in layout.mounts.values()}

    def create(self) -> None:
        try:
            for directory in self._all:
                self._make(directory)
        except BaseException:
            with contextlib.suppress(OSError):
                self.destroy(0)
            raise

    def _make(self, directory: str) -> None:
        if not tree.make(directory):
            parent = os.path.dirname(directory)
            os.makedirs(parent, exist_ok=True)
            if directory == self._of.get("cpuset"):
                _inherit_cpuset(self._mounts[directory], parent)
            tree.make(directory)
        if directory == self._of.get("cpuset"):
            _copy_cpuset(os.path.dirname(directory), directory)

    def apply(self, resources: Resources) -> None:
        limits.apply(self._of, resources)
        memory.apply(self._of.get("memory"), resources.memory)
        if resources.devices is not None:
            devices.apply(self._of.get("devices"), resources.devices)

    def join(self, pid: int = 0) -> None:
        for directory in self._all:
            name = "cgroup.procs" if pid else self._join_file(directory)
            files.write(directory, name, str(pid))

    def open_join_files(self) -> list[int]:
        opened: list[int] = []
        try:
            for directory in self._all:
                opened.append(files.open_for_write(directory, self._join_file(directory)))
        except BaseException:
            for fd in opened:
                os.close(fd)
            raise
        return opened

    def _join_file(self, directory: str) -> str:
        """For a thread that moves itself by ``tasks`` the kernel takes no lock against forks; by
        ``cgroup.procs`` it does, and its first taking waits for a grace period of 10 to 30 ms."""
        return "cgroup.procs" if directory == self._of.get(UNIFIED) else "tasks"

    def freeze(self) -> None:
        if not self._freeze(_FREEZE_TIMEOUT):
            self.thaw()
            raise TimeoutError(f"cgroup {self.path} does not freeze")

    def _freeze(self, timeout: float) -> bool:
        directory = limits.place(self._of, "freezer")
        files.write(directory, "freezer.state", "FROZEN")
        return freezing.settle(self.frozen, timeout)

    def thaw(self) -> None:
        files.write(limits.place(self._of, "freezer"), "freezer.state", "THAWED")

    def frozen(self) -> bool:
        return files.read(limits.place(self._of, "freezer"), "freezer.state") == "FROZEN"

    def kill(self) -> None:
        """Frozen processes cannot fork: one round reaches all. Where one does not freeze (or there
        is no freezer), rounds until nobody is left."""
        if "freezer" not in self._of:
            freezing.settle(lambda: not tree.kill_all(self._roster()), _KILL_FREEZE_TIMEOUT)
            return
        try:
            for _ in range(_KILL_ROUNDS):
                complete = self._freeze(_KILL_FREEZE_TIMEOUT)
                tree.kill_all(self._of["freezer"])
                self.thaw()
                if complete:
                    return
        except FileNotFoundError:  # destroyed already
            return

    def processes(self) -> list[int]:
        return tree.processes(self._roster())

    def _roster(self) -> str:
        """The hierarchy that is asked who is in the group."""
        return self._of.get("freezer") or next(iter(self._all), "")

    def destroy(self, timeout: float = 2.0) -> None:
        deadline = time.monotonic() + timeout
        remaining: OSError | None = None
        for directory in self._all:
            try:
                tree.remove(directory, max(0.0, deadline - time.monotonic()))
            except OSError as error:
                remaining = error
        if remaining is not None:
            raise remaining

    def oom_kills(self) -> int:
        return memory.oom_kills(self._of.get("memory"))

    def oom_events(self) -> int | None:
        return memory.oom_events(self._of.get("memory"))

    def stats(self) -> Stats:
        return stats.read(self._of)


def _inherit_cpuset(mount: str, parent: str) -> None:
    """Give every group from *mount* down to *parent* CPUs and memory nodes, and let the last one
    hand them on: its children then are born with them."""
    above = mount
    for name in parent.removeprefix(mount).strip("/").split("/"):
        if name:
            _copy_cpuset(above, f"{above}/{name}")
            above = f"{above}/{name}"
    if above != mount:
        files.write(above, "cgroup.clone_children", "1")


def _copy_cpuset(parent: str, directory: str) -> None:
    """A new v1 cpuset is empty and takes no process before it has both lists."""
    if files.read(directory, "cpuset.mems"):
        return
    for name in ("cpuset.cpus", "cpuset.mems"):
        files.write(directory, name, files.read(parent, name))
