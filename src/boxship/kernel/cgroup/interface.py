"""What both cgroup versions offer."""

from typing import Protocol

from boxship.kernel.cgroup.resources import Resources
from boxship.kernel.cgroup.stats import Stats


class Cgroup(Protocol):
    """One container's group: a directory of the same path in every hierarchy.

    Creating the object touches nothing. Nothing outside the path is changed, but for missing
    parents, which are made, and v2's switches for controllers on the way to it.
    """

    path: str

    def create(self) -> None:
        """Make the group, empty and without limits; one left over is replaced if it is empty."""

    def apply(self, resources: Resources) -> None:
        """Set the limits given, before or while processes run in it.

        Raises InvalidParameter for what contradicts itself, NotSupported for a controller that the
        host lacks, Conflict where usage forbids it, OSError with the file for anything else.
        """

    def join(self, pid: int = 0) -> None:
        """Move the calling single-threaded process, or *pid*, into the group."""

    def open_join_files(self) -> list[int]:
        """Descriptors to which a single-threaded process writes ``0`` to join; caller closes."""

    def freeze(self) -> None:
        """Stop every process; returns when all stand still. TimeoutError: thawed again."""

    def thaw(self) -> None: ...

    def frozen(self) -> bool: ...

    def kill(self) -> None:
        """SIGKILL to every process, frozen ones too, none escaping by fork; does not wait."""

    def processes(self) -> list[int]:
        """Pids in the group and in groups below it."""

    def destroy(self, timeout: float = 2.0) -> None:
        """Remove the group and those below.

        Waits up to *timeout* s for processes that are dying; OSError (EBUSY) when some remain.
        """

    def oom_kills(self) -> int:
        """How many processes the kernel killed here for want of memory."""

    def oom_events(self) -> int | None:
        """A descriptor that gets readable when memory ran out; None without a memory controller.

        Read and drop its content; the caller closes it.
        """

    def stats(self) -> Stats: ...
