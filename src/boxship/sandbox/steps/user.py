"""Entering the user namespace (user_namespaces(7)).

All that takes the host's rights comes before it: control groups, sources of binds, device nodes,
higher limits. What the container's other namespaces belong to is decided after it.
"""

import os
import signal
from typing import Any

from boxship.kernel import process, rlimits
from boxship.sandbox import userns
from boxship.sandbox.steps.context import Context


def enter(context: Context, step: dict[str, Any]) -> None:
    """*step*: ``rlimits`` of the process, ``mappings``, ``pid_namespace``, ``id`` of the container.

    Who is born in the new pid namespace carries out the rest of the plan; the shim inherits it.
    """
    rlimits.allow(step["rlimits"])
    give_to_root(context.stdio, step["mappings"])
    # The way there may be closed to the namespace's root.
    os.chdir(context.mountpoint)
    context.place = "."
    userns.enter(context.user_namespace)
    os.close(context.user_namespace)
    _be_born(context, step["pid_namespace"])
    process.new_session_keyring(f"_ses.{step['id']}")


def give_to_root(stdio: list[int], mappings: dict[str, Any]) -> None:
    """Pipes belong to the namespace's root, who may give them on to the program's user."""
    uid, gid = userns.root_of(mappings)
    for fd in {*stdio}:
        os.fchown(fd, uid, gid)


def _be_born(context: Context, pid_namespace: str) -> None:
    """Go on as a child, in the pid namespace, once the shim is our parent and knows our pid."""
    if pid_namespace == "new":
        process.unshare(process.CLONE_NEWPID)
    elif pid_namespace:
        process.setns(context.joined.pop("pid"), process.CLONE_NEWPID)
    pid = os.fork()
    if pid:
        os.write(context.report, b'{"pid": %d}' % pid)
        os._exit(0)
    if not os.read(context.report, 1):
        os._exit(1)
    # Only now the shim is our parent.
    process.set_parent_death_signal(signal.SIGKILL)
