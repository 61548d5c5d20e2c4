"""How a container's first process comes to be: the shim forks it, and it makes all that it needs.

It may be born before anybody knows what for, and wait for its order. The shim, which stays, keeps
every page that its work touches; what this process touches is given back when it executes the
user's program. So even what the shim is to own is opened here, and goes to it in one message. After
that, end of file without a failure means that the program runs.
"""

import json
import os
import signal
import socket
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from boxship.kernel import process
from boxship.sandbox import control, failure, init, messages, userns
from boxship.sandbox.forked import become_child
from boxship.sandbox.group import Group
from boxship.sandbox.layers import Rootfs
from boxship.sandbox.log.write import open_log
from boxship.sandbox.stacks import Stacks
from boxship.sandbox.steps.context import Context
from boxship.sandbox.steps.namespaces import join
from boxship.sandbox.streams import Stdio
from boxship.sandbox.warming import Lesson

_REPORT_SIZE = 1 << 16
_LESSON = Lesson()
_KILLED = {"stage": "setup", "message": "the setup process was killed", "code": 128}


def fork(pid_namespace: str, orders: int, stacks: Stacks | None = None) -> tuple[int, int]:
    """In the shim: the pid of the first process, and our end of its way to us.

    It waits for the packet of a shim's order, which *orders* brings, and ends if that does. With it
    come the mounted roots of :func:`trees_of`, unless it makes them from *stacks* because they
    belong to a user namespace; and the descriptors of :func:`files_in`. *pid_namespace*: ``new``,
    a path, or empty for the host's. *orders* and what *stacks* needs are closed here; the caller
    reaps the process.
    """
    layers = stacks.descriptors() if stacks is not None else []
    _enter_pid_namespace(pid_namespace)
    ours, theirs = process.packet_pair()
    pid = os.fork()
    if pid == 0:
        try:
            become_child({theirs, orders, *layers})
            _main(theirs, orders, stacks)
        finally:
            os._exit(1)
    for fd in (theirs, orders, *layers):
        os.close(fd)
    return pid, ours


def trees_of(message: dict[str, Any]) -> list[Rootfs]:
    """A shim's root file system, and those of images that it mounts."""
    return [message["rootfs"], *message.get("images", ())] if "rootfs" in message else []


def files_in(spec: dict[str, Any], fds: list[int]) -> tuple[list[int], list[int]]:
    """Of the descriptors *fds* of the order *spec*: the first process's, which are the plan, and if
    there are such the seccomp program and the network's gate; and the shim's."""
    daemon, *others = fds
    count = 1 + spec["filtered"] + spec["gated"]
    return others[:count], [daemon, *others[count:]]


def _enter_pid_namespace(wanted: str) -> None:
    """It holds for children: they are born in it."""
    if wanted == "new":
        process.unshare(process.CLONE_NEWPID)
    elif wanted:
        join(wanted, process.CLONE_NEWPID)


def await_owned(
    report: int, born: Callable[[int], None] | None = None
) -> tuple[dict[str, int], dict[str, Any] | None]:
    """In the shim: the descriptors by name that it is to own, and what went wrong, if anything.

    *born* is told the pid of the process that goes on in a user namespace, if there is to be one.
    """
    received = messages.receive(socket.SocketType(fileno=os.dup(report)))
    if received is None:
        return {}, _KILLED
    message, fds = received
    if "failed" in message:
        return {}, message["failed"]
    owned = dict(zip(message["names"], fds, strict=True))
    if born is not None:
        told = json.loads(os.read(report, _REPORT_SIZE) or b"null")
        if told is None or "pid" not in told:
            return owned, told or _KILLED
        born(told["pid"])
        # It has waited, lest it be gone before it is known.
        os.write(report, b"1")
    return owned, None


def await_program(report: int) -> dict[str, Any] | None:
    """In the shim: None once the program runs, or why it does not. Closes *report*."""
    return failure.read(report)


def _main(report: int, orders: int, stacks: Stacks | None) -> NoReturn:
    """In the first process: await the order, prepare, tell the shim, carry out the plan."""
    process.set_parent_death_signal(signal.SIGKILL)
    channel = socket.SocketType(fileno=orders)
    _LESSON.apply()
    received = messages.receive(channel)
    if received is None:
        os._exit(0)
    channel.close()
    message, files = received
    try:
        spec, trees = message["shim"], trees_of(message)
        roots, files = ([], files) if stacks else (files[: len(trees)], files[len(trees) :])
        plan: dict[str, Any] = messages.decode_of_fork(messages.read_all(files[0]))
        filter_program = messages.read_all(files[1]) if spec["filtered"] else None
        gate = files[-1] if spec["gated"] else -1
        user_fd = -1
        if stacks is not None:
            roots, user_fd = mapped_roots(stacks, trees, spec["user_namespace"])
        context, keep = prepare(spec, plan, roots, user_fd, report)
        context.gate = gate
        become_child(keep | {gate} if spec["gated"] else keep)
    except Exception as error:
        _refuse(report, error)
    init.main(plan, context, filter_program, report, _LESSON)


def mapped_roots(
    stacks: Stacks, rootfs: Sequence[Rootfs], user: dict[str, Any]
) -> tuple[list[int], int]:
    """Roots whose files belong to the users of a user namespace, and that namespace."""
    fd = userns.open_or_make(user)
    with userns.making_files_for(user):
        return [stacks.mount(each, fd) for each in rootfs], fd


def _refuse(report: int, error: Exception) -> NoReturn:
    messages.send_to_fork(
        socket.socket(fileno=report), {"failed": failure.describe("setup", error)}
    )
    os._exit(1)


def prepare(
    spec: dict[str, Any], plan: dict[str, Any], roots: list[int], user: int, report: int
) -> tuple[Context, set[int]]:
    """Make cgroup and streams; give the shim its part and keep ours: the descriptors returned.

    *roots*: the container's root file system, and those of images that it mounts.
    """
    group = Group(messages.decode_of_fork(spec["cgroup"]))
    group.create(plan["resources"])
    log = open_log(spec["log"])
    log.open()
    log.finish()
    stdio = Stdio(spec["stdio"]["tty"], spec["stdio"]["stdin"])
    owned = {"listener": control.listen(spec["run_dir"]), "root": roots[0], **stdio.parent_ends()}
    memory = group.oom_descriptor()
    if memory is not None:
        owned["memory"] = memory
    cgroup_files = group.open_join_files()
    channel = socket.socket(fileno=report)
    messages.send_to_fork(channel, {"names": [*owned]}, [*owned.values()])
    channel.detach()
    console = stdio.child_console
    keep = {report, *roots, *cgroup_files, *stdio.child}
    keep |= {fd for fd in (console, user) if fd is not None and fd >= 0}
    context = init.context_for(plan, roots[0], cgroup_files, console, stdio.child)
    context.images = roots[1:]
    context.user_namespace, context.report = user, report
    return context, keep
