"""The setup process: makes what a container needs, forks its first process, and ends.

It stands between shim and init so that the memory its work touches is given back: the shim, which
stays, keeps only the pages that it needs itself. Init comes to the shim as to its subreaper.
"""

import json
import os
import signal
from typing import Any, NoReturn

from boxship.kernel import process
from boxship.sandbox import failure, init, messages
from boxship.sandbox.forked import become_child
from boxship.sandbox.group import Group
from boxship.sandbox.steps.namespaces import join
from boxship.sandbox.streams import Stdio

Plan = dict[str, Any]


def run(
    cgroup: dict[str, Any], stdio: Stdio, root: int, plan_fd: int, filter_fd: int | None
) -> tuple[int, dict[str, Any] | None]:
    """The pid of the container's first process, or 0 and what went wrong.

    *plan_fd* holds the plan as JSON, *filter_fd* the seccomp program; all three are closed.
    """
    read_end, write_end = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _main(cgroup, stdio, root, plan_fd, filter_fd, write_end)
    for fd in (write_end, root, plan_fd, *(() if filter_fd is None else (filter_fd,))):
        os.close(fd)
    stdio.close_child()
    with open(read_end, "rb", 0) as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    if not answer:
        return 0, {"stage": "setup", "message": "the setup process was killed", "code": 128}
    result = json.loads(answer)
    return result.get("pid", 0), result.get("failed")


def _main(
    cgroup: dict[str, Any],
    stdio: Stdio,
    root: int,
    plan_fd: int,
    filter_fd: int | None,
    report: int,
) -> NoReturn:
    process.set_parent_death_signal(signal.SIGKILL)
    group = Group(cgroup)
    try:
        plan: Plan = json.loads(messages.read_all(plan_fd))
        filter_program = None if filter_fd is None else messages.read_all(filter_fd)
        group.create(plan["resources"])
        _enter_pid_namespace(plan["pid_namespace"])
        pid, failed = _fork_init(plan, group, stdio, root, filter_program)
    except Exception as error:
        pid, failed = 0, failure.describe("setup", error)
    if failed is not None:
        if pid:
            os.waitpid(pid, 0)
        group.destroy()
    answer = {"pid": pid} if failed is None else {"failed": failed}
    os.write(report, json.dumps(answer).encode())
    os._exit(0)


def _enter_pid_namespace(wanted: str) -> None:
    """It holds for children: init is born in it."""
    if wanted == "new":
        process.unshare(process.CLONE_NEWPID)
    elif wanted:
        join(wanted, process.CLONE_NEWPID)


def _fork_init(
    plan: Plan,
    group: Group,
    stdio: Stdio,
    root: int,
    filter_program: bytes | None,
) -> tuple[int, dict[str, Any] | None]:
    read_end, write_end = os.pipe2(os.O_CLOEXEC)
    cgroup_files = group.open_join_files()
    pid = os.fork()
    if pid == 0:
        console = stdio.child_console
        keep = {write_end, root, *cgroup_files, *stdio.child}
        become_child(keep | ({console} if console is not None else set()))
        context = init.context_for(plan, root, cgroup_files, console, stdio.child)
        init.main(plan, context, filter_program, write_end)
    for fd in (write_end, *cgroup_files):
        os.close(fd)
    return pid, failure.read(read_end)
