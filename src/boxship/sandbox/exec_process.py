"""An additional process in a running container (``docker exec``)."""

import os
from typing import Any, NoReturn

from boxship.kernel import process, rlimits, seccomp_install
from boxship.sandbox import birth, failure, forked, launch, userns
from boxship.sandbox.root import Root
from boxship.sandbox.steps import console as terminal
from boxship.sandbox.steps.user import give_to_root

# The pid namespace holds for children: nobody in the container can see the joiner itself.
_JOINED = (
    process.CLONE_NEWIPC
    | process.CLONE_NEWUTS
    | process.CLONE_NEWNET
    | process.CLONE_NEWCGROUP
    | process.CLONE_NEWNS
    | process.CLONE_NEWPID
)


def main(
    spec: dict[str, Any],
    pidfd: int,
    cgroup_files: list[int],
    console: int | None,
    stdio: list[int],
    filter_program: bytes | None,
    report: int,
) -> NoReturn:
    """Be the joiner of :mod:`boxship.sandbox.birth` for the container of the process *pidfd*.

    Its child runs ``spec["process"]``. *report* is the joiner's end of the report socket.
    """
    try:
        launch.write_to_host_procfs(spec["process"])
        for fd in cgroup_files:
            os.write(fd, b"0")
            os.close(fd)
        _join(spec, pidfd, stdio)
        # Names of keyrings are those of a user namespace.
        process.join_new_session_keyring(f"_ses.{spec['container']}")
        root = Root(os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
        if console is not None:
            ptmx = root.open("/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY)
            size = spec.get("size") or [0, 0]
            stdio = terminal.allocate(ptmx, (size[0], size[1]), console)
        elif not spec["stdin"]:
            launch.open_own_null(root, stdio)
        forked.reset_signals()
        _launch(spec["process"], root, filter_program, stdio, report)
    except Exception as error:
        failure.report(report, "exec", error)


def _join(spec: dict[str, Any], pidfd: int, stdio: list[int]) -> None:
    """setns(2) with a pidfd joins all namespaces at once and makes the container's root ours."""
    user = spec["user_namespace"]
    if user:
        rlimits.allow(spec["process"].get("rlimits", ()))
        give_to_root(stdio, user)
        process.setns(pidfd, _JOINED | process.CLONE_NEWUSER)
        userns.become_root()
    else:
        process.setns(pidfd, _JOINED)


def _launch(
    spec: dict[str, Any], root: Root, filter_program: bytes | None, stdio: list[int], report: int
) -> NoReturn:
    """Take the program's rights, fork, execute.

    A filter that forbids to fork is installed by the child, for which it needs no_new_privs: the
    child is visible in the container, and so must not have more rights than the program.
    """
    tty = bool(spec.get("terminal"))
    late = filter_program is not None and seccomp_install.forbids_birth(filter_program)

    def close_others() -> None:
        process.set_dumpable(False)
        process.close_other_fds({0, 1, 2, report})

    def fork() -> None:
        birth.split(report, tty)
        if late and filter_program is not None:
            process.set_no_new_privs()
            seccomp_install.install(*seccomp_install.unpack(filter_program))

    now = None if late else filter_program
    launch.launch(spec, root, now, stdio, close_others, fork, joins=True)
