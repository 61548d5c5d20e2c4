"""How a container's first process comes to be: the shim forks it, and it makes all that it needs.

The shim, which stays, keeps every page that its work touches; what this process touches is given
back when it executes the user's program. So even what the shim is to own is opened here, and goes
to it in one message. After that, end of file without a failure means that the program runs.
"""

import json
import os
import signal
import socket
from typing import Any, NoReturn

from boxship.kernel import process
from boxship.sandbox import control, failure, init, messages
from boxship.sandbox.forked import become_child
from boxship.sandbox.group import Group
from boxship.sandbox.log.write import open_log
from boxship.sandbox.stacks import Stacks
from boxship.sandbox.steps.context import Context
from boxship.sandbox.steps.namespaces import join
from boxship.sandbox.streams import Stdio

_KILLED = {"stage": "setup", "message": "the setup process was killed", "code": 128}


def enter_pid_namespace(wanted: str) -> None:
    """``new``, a path, or empty for the host's. It holds for children: they are born in it."""
    if wanted == "new":
        process.unshare(process.CLONE_NEWPID)
    elif wanted:
        join(wanted, process.CLONE_NEWPID)


def await_start(report: int) -> tuple[dict[str, int], dict[str, Any] | None]:
    """In the shim: the descriptors by name that it is to own, and what went wrong, if anything."""
    received = messages.receive(socket.SocketType(fileno=os.dup(report)))
    if received is None:
        return {}, _KILLED
    message, fds = received
    if "failed" in message:
        return {}, message["failed"]
    return dict(zip(message["names"], fds, strict=True)), failure.read(report)


def main(
    message: dict[str, Any],
    stacks: Stacks,
    layers: list[int],
    plan_fd: int,
    filter_fd: int | None,
    report: int,
) -> NoReturn:
    """In the first process: prepare, tell the shim, carry out the plan.

    *layers* are open, as :meth:`Stacks.load` gave them; *plan_fd* and *filter_fd* are files with
    the plan as JSON and the seccomp program.
    """
    try:
        process.set_parent_death_signal(signal.SIGKILL)
        filters = () if filter_fd is None else (filter_fd,)
        become_child({report, plan_fd, *filters, *layers})
        plan: dict[str, Any] = json.loads(messages.read_all(plan_fd))
        filter_program = None if filter_fd is None else messages.read_all(filter_fd)
        root = stacks.mount(message["rootfs"])
        context = _prepare(message["shim"], plan, root, report)
    except Exception as error:
        _refuse(report, error)
    init.main(plan, context, filter_program, report)


def _refuse(report: int, error: Exception) -> NoReturn:
    messages.send(socket.socket(fileno=report), {"failed": failure.describe("setup", error)})
    os._exit(1)


def _prepare(spec: dict[str, Any], plan: dict[str, Any], root: int, report: int) -> Context:
    """Make cgroup and streams; give the shim its part and keep ours."""
    group = Group(json.loads(spec["cgroup"]))
    group.create(plan["resources"])
    log = open_log(spec["log"])
    log.open()
    log.finish()
    stdio = Stdio(spec["stdio"]["tty"], spec["stdio"]["stdin"])
    owned = {"listener": control.listen(spec["run_dir"]), **stdio.parent_ends()}
    memory = group.oom_descriptor()
    if memory is not None:
        owned["memory"] = memory
    cgroup_files = group.open_join_files()
    channel = socket.socket(fileno=report)
    messages.send(channel, {"names": [*owned]}, [*owned.values()])
    channel.detach()
    console = stdio.child_console
    keep = {report, root, *cgroup_files, *stdio.child}
    become_child(keep | ({console} if console is not None else set()))
    return init.context_for(plan, root, cgroup_files, console, stdio.child)
