"""A user namespace and a network namespace that belongs to it, for a container to come."""

import os
import socket
from collections.abc import Sequence
from typing import Any

from boxship.kernel import process
from boxship.sandbox import userns


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """*args*: see :func:`userns.open_or_make`; both descriptors are sent over the socket *fds*."""
    user = userns.open_or_make(args)
    userns.enter(user)
    process.unshare(process.CLONE_NEWNET)
    network = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    with socket.socket(fileno=fds[0]) as channel:
        socket.send_fds(channel, [b"n"], [user, network])
    return {}
