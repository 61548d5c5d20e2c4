"""Entering namespaces, in the order that keeps the rights for the next one.

The pid namespace is not here: it holds for children, so the shim enters it before it forks init.
"""

import os
from typing import Any

from boxship.kernel import process
from boxship.sandbox.steps.context import Context

KINDS = {
    "ipc": process.CLONE_NEWIPC,
    "uts": process.CLONE_NEWUTS,
    "network": process.CLONE_NEWNET,
    "cgroup": process.CLONE_NEWCGROUP,
    "mount": process.CLONE_NEWNS,
}


def join(path: str, kind: int) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        process.setns(fd, kind)
    finally:
        os.close(fd)


def leave_pid_namespace() -> None:
    """Have children born in this process's own pid namespace, not in one that it made or joined."""
    join("/proc/self/ns/pid", process.CLONE_NEWPID)


def open_joined(context: Context, step: dict[str, Any]) -> None:
    """*step*: ``join`` as below. From inside a user namespace the paths may be out of reach."""
    for kind, path in step["join"].items():
        context.joined[kind] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def enter(context: Context, step: dict[str, Any]) -> None:
    """*step*: ``join`` maps kinds to paths of existing namespaces, ``new`` lists fresh ones."""
    for kind, fd in context.joined.items():
        process.setns(fd, KINDS[kind])
        os.close(fd)
    for kind, path in step["join"].items():
        join(path, KINDS[kind])
    flags = 0
    for kind in step["new"]:
        flags |= KINDS[kind]
    process.unshare(flags)
