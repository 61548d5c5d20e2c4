"""An additional process in a running container (``docker exec``)."""

import os
from typing import Any, NoReturn

from boxship.kernel import process, rlimits
from boxship.sandbox import failure, forked, launch, userns
from boxship.sandbox.root import Root
from boxship.sandbox.steps import console as terminal
from boxship.sandbox.steps.user import give_to_root

_JOINED = (
    process.CLONE_NEWIPC
    | process.CLONE_NEWUTS
    | process.CLONE_NEWNET
    | process.CLONE_NEWCGROUP
    | process.CLONE_NEWNS
)


def _nothing() -> None:
    """An exec needs no step of its own before its program runs."""


def main(
    spec: dict[str, Any],
    pidfd: int,
    cgroup_files: list[int],
    console: int | None,
    stdio: list[int],
    filter_program: bytes | None,
    pipe: int,
) -> NoReturn:
    """Join the container of the process *pidfd*, then run ``spec["process"]``.

    We were born in its pid namespace, as all children of its shim are; setns(2) with a pidfd joins
    all the others at once and makes the container's root ours.
    """
    try:
        launch.set_oom_score(spec["process"])
        for fd in cgroup_files:
            os.write(fd, b"0")
            os.close(fd)
        user = spec["user_namespace"]
        if user:
            rlimits.allow(spec["process"].get("rlimits", ()))
            give_to_root(stdio, user)
            process.setns(pidfd, _JOINED | process.CLONE_NEWUSER)
            userns.become_root()
        else:
            process.setns(pidfd, _JOINED)
        # Names of keyrings are those of a user namespace.
        process.join_new_session_keyring(f"_ses.{spec['container']}")
        root = Root(os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
        if console is not None:
            ptmx = root.open("/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY)
            size = spec.get("size") or [0, 0]
            stdio = terminal.allocate(ptmx, (size[0], size[1]), console)
        forked.reset_signals()
        launch.launch(spec["process"], root, filter_program, stdio, _nothing, _nothing)
    except Exception as error:
        failure.report(pipe, "exec", error)
