"""The memory controller of cgroup v1: limits in the order that the kernel accepts, and OOM."""

import errno
import os

from boxship.base.errors import Conflict, NotSupported
from boxship.kernel.cgroup import files
from boxship.kernel.cgroup.resources import Memory

_LIMIT, _TOTAL = "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"
_UNLIMITED = -1


def apply(directory: str | None, memory: Memory) -> None:
    if memory == Memory():
        return
    if directory is None:
        raise NotSupported("the cgroup controller memory is not mounted on this host")
    _set_limits(directory, memory.limit or None, memory.swap or None)
    others = (
        ("memory.soft_limit_in_bytes", memory.reservation or None),
        ("memory.kmem.tcp.limit_in_bytes", memory.kernel_tcp or None),
        ("memory.swappiness", memory.swappiness),
        ("memory.oom_control", 1 if memory.disable_oom_killer else None),
    )
    for name, value in others:
        if value is not None:
            files.write(directory, name, str(value))


def _set_limits(directory: str, limit: int | None, total: int | None) -> None:
    """The kernel insists on limit <= total at every moment: raise the total first, lower it last.

    A limit lifted altogether lifts the total with it.
    """
    if limit == _UNLIMITED and total is None and files.exists(directory, _TOTAL):
        total = _UNLIMITED
    if total is not None and _raises(directory, total):
        files.write(directory, _TOTAL, str(total))
        total = None
    if limit is not None:
        _set_limit(directory, limit)
    if total is not None:
        files.write(directory, _TOTAL, str(total))


def _raises(directory: str, total: int) -> bool:
    return total == _UNLIMITED or total > int(files.read(directory, _TOTAL))


def _set_limit(directory: str, limit: int) -> None:
    try:
        files.write(directory, _LIMIT, str(limit))
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        usage = files.read(directory, "memory.usage_in_bytes")
        peak = files.read(directory, "memory.max_usage_in_bytes")
        raise Conflict(
            f"unable to set memory limit to {limit} (current usage: {usage}, peak usage: {peak})"
        ) from None


def oom_kills(directory: str | None) -> int:
    if directory is None:
        return 0
    return files.table(files.read_or(directory, "memory.oom_control", "")).get("oom_kill", 0)


def oom_events(directory: str | None) -> int | None:
    """An eventfd registered with cgroup.event_control; it also fires when the group is removed."""
    if directory is None:
        return None
    event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
    try:
        control = os.open(f"{directory}/memory.oom_control", os.O_RDONLY | os.O_CLOEXEC)
        try:
            files.write(directory, "cgroup.event_control", f"{event} {control}")
        finally:
            os.close(control)
    except BaseException:
        os.close(event)
        raise
    return event
