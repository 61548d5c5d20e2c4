"""A shim that waits for a container, serves it, and if nothing is left of that waits again.

Half of what a shim costs is to be born: to copy what it writes to. All that a container's life
leaves in a process is what was opened for it, and that is closed whoever forgot it. Who had clients
or executed more than one program ends instead.
"""

import os
import socket

from boxship.kernel import process
from boxship.sandbox import messages, setup, shim
from boxship.sandbox.steps.namespaces import leave_pid_namespace

_NAME = "boxship-ready"
# Whatever may grow in a process, does so no longer than this many containers.
_LIVES = 100


def serve(ends: list[int], offers: int) -> None:
    """Entry after the template's fork. *ends*: see :func:`_wait`. *offers* leads to the spawner,
    which is told of a shim that may wait again."""
    process.set_name(_NAME)
    shim.make_parent()
    channel = socket.SocketType(fileno=offers)
    _wait(*ends)
    for _ in range(_LIVES - 1):
        forget(channel)
        again = _ask(channel)
        if again is None:
            return
        _wait(*again)


def _ask(channel: socket.SocketType) -> list[int] | None:
    asked = offer(channel)
    if asked is None:
        return None
    try:
        return messages.receive_descriptors(asked)
    finally:
        asked.close()


def _wait(channel: int, orders: int) -> None:
    """*channel* brings the packet of a container with our descriptors, as :func:`setup.files_in`
    tells them apart, and *orders* to the first process."""
    loop = shim.watch()
    pid, report = setup.fork("new", orders)
    serve_one(channel, shim.Child(pid, report, loop))


def serve_one(channel: int, child: shim.Child) -> None:
    """Serve the container that *channel* tells of; end if there will be none."""
    source = socket.SocketType(fileno=channel)
    received = messages.receive(source)
    if received is None:
        os._exit(0)
    source.close()
    message, fds = received
    shim.serve(message["shim"], fds, child)
    child.loop.close()


def forget(channel: socket.SocketType) -> None:
    """Have nothing of the container any more, nor anything else but *channel*.

    No object may be left that owns a descriptor: it would close that of the next container.
    """
    process.set_name(_NAME)
    process.close_other_fds({0, 1, 2, channel.fileno()})
    leave_pid_namespace()


def offer(channel: socket.SocketType) -> socket.SocketType | None:
    """What brings the ends to wait at; None if the spawner wants no more."""
    ours, theirs = process.packet_pair()
    asked = socket.SocketType(fileno=ours)
    try:
        messages.send_descriptors(channel, [theirs], messages.AT_ONCE)
    except OSError:
        # Enough wait there already, or the spawner has ended.
        return None
    finally:
        os.close(theirs)
    return asked
