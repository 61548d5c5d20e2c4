"""A container's group under cgroup v2 (kernel documentation, admin-guide/cgroup-v2)."""

import contextlib
import ctypes
import errno
import os
import select
import time

from boxship.kernel import libc
from boxship.kernel.cgroup import files, freezing, tree
from boxship.kernel.cgroup.layout import UNIFIED, Layout
from boxship.kernel.cgroup.resources import Resources
from boxship.kernel.cgroup.stats import Stats
from boxship.kernel.cgroup.v2 import delegation, devices, limits, stats

_IN_MODIFY = 2


class GroupV2:
    """See :class:`boxship.kernel.cgroup.interface.Cgroup`."""

    def __init__(self, layout: Layout, path: str) -> None:
        self.path = path
        self._mount = layout.mounts[UNIFIED]
        self._wanted = layout.controllers
        self._directory = self._mount + path

    def create(self) -> None:
        if not tree.make(self._directory):
            os.makedirs(os.path.dirname(self._directory), exist_ok=True)
            tree.make(self._directory)
        try:
            delegation.enable(self._mount, self._directory, self._wanted)
        except BaseException:
            with contextlib.suppress(OSError):
                self.destroy(0)
            raise

    def apply(self, resources: Resources) -> None:
        limits.apply(self._directory, resources)
        if resources.devices is not None:
            devices.apply(self._directory, resources.devices)

    def join(self, pid: int = 0) -> None:
        try:
            files.write(self._directory, "cgroup.procs", str(pid))
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            # The container switched controllers on for groups of its own: only leaves take us.
            files.write(self._inhabited(), "cgroup.procs", str(pid))

    def _inhabited(self) -> str:
        for directory in tree.walk(self._directory):
            if files.read_or(directory, "cgroup.procs", ""):
                return directory
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), self._directory)

    def open_join_files(self) -> list[int]:
        directory = self._directory
        if files.read_or(directory, "cgroup.subtree_control", ""):
            directory = self._inhabited()
        return [files.open_for_write(directory, "cgroup.procs")]

    def freeze(self) -> None:
        if not self._freeze(freezing.TIMEOUT):
            self.thaw()
            raise TimeoutError(f"cgroup {self.path} does not freeze")

    def _freeze(self, timeout: float) -> bool:
        files.write(self._directory, "cgroup.freeze", "1")
        return self._wait_for("frozen", 1, timeout)

    def thaw(self) -> None:
        files.write(self._directory, "cgroup.freeze", "0")

    def frozen(self) -> bool:
        return self._event("frozen") == 1

    def _event(self, key: str) -> int:
        return files.table(files.read(self._directory, "cgroup.events")).get(key, 0)

    def _wait_for(self, key: str, value: int, timeout: float) -> bool:
        """Sleep until cgroup.events says so: the kernel notifies its readers by POLLPRI."""
        fd = os.open(f"{self._directory}/cgroup.events", os.O_RDONLY | os.O_CLOEXEC)
        try:
            poll, deadline = select.poll(), time.monotonic() + timeout
            poll.register(fd, select.POLLPRI)
            while files.table(os.pread(fd, 4096, 0).decode()).get(key) != value:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                poll.poll(left * 1000)
        finally:
            os.close(fd)
        return True

    def kill(self) -> None:
        try:
            files.write(self._directory, "cgroup.kill", "1")
        except FileNotFoundError:  # destroyed already, or a kernel before 5.14
            if files.exists(self._directory, "cgroup.freeze"):
                self._kill_one_by_one()

    def _kill_one_by_one(self) -> None:
        """SIGKILL reaches frozen processes in v2; they cannot fork meanwhile."""
        self._freeze(1.0)
        freezing.settle(lambda: not tree.kill_all(self._directory), 1.0)
        self.thaw()

    def processes(self) -> list[int]:
        return tree.processes(self._directory)

    def destroy(self, timeout: float = 2.0) -> None:
        tree.remove(self._directory, timeout)

    def oom_kills(self) -> int:
        return files.table(files.read_or(self._directory, "memory.events", "")).get("oom_kill", 0)

    def oom_events(self) -> int | None:
        """An inotify descriptor on memory.events."""
        if not files.exists(self._directory, "memory.events"):
            return None
        fd = libc.call("inotify_init1", os.O_CLOEXEC | os.O_NONBLOCK)
        path = f"{self._directory}/memory.events"
        try:
            name = ctypes.c_char_p(os.fsencode(path))
            libc.call("inotify_add_watch", fd, name, _IN_MODIFY, path=path)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def stats(self) -> Stats:
        return stats.read(self._directory)
