"""The shim that waits for the next container, and the template: the process that it is forked from.

A page that a process writes to after a fork is left to its child alone. The spawner writes to some
two hundred with each request; the template does nothing but fork, so that all who come from it
share nearly everything.
"""

import contextlib
import os
import signal
import socket
import traceback
from typing import Any, NoReturn

from boxship.kernel import process
from boxship.sandbox import messages, setup, shim
from boxship.sandbox.forked import become_child

_NAME = "boxship-template"


class Ready:
    """The spawner's side: the way to the template, and to the shim that waits."""

    def __init__(self) -> None:
        self._template: socket.SocketType | None = None
        # The ways to a shim that waits, and to its first process.
        self._waiting: tuple[socket.SocketType, socket.SocketType] | None = None

    @property
    def has_template(self) -> bool:
        return self._template is not None

    def found(self) -> int:
        """The end for the process that is going to be the template (:func:`main`); the caller
        closes it."""
        ours, theirs = process.packet_pair()
        self._template = socket.SocketType(fileno=ours)
        return theirs

    def prepare(self) -> None:
        """Have a shim that waits, if there is none."""
        if self._waiting is not None or self._template is None:
            return
        shim, theirs = process.packet_pair()
        first, orders = process.packet_pair()
        self._waiting = socket.SocketType(fileno=shim), socket.SocketType(fileno=first)
        try:
            messages.send_descriptors(self._template, (theirs, orders))
        except OSError:
            # It has been killed.
            self.dismiss()
        finally:
            os.close(theirs)
            os.close(orders)

    def hand_over(
        self, spec: dict[str, Any], packet: messages.Packet, fds: list[int], roots: list[int]
    ) -> bool:
        """Whether a shim waited and has got the order *spec*, which came in *packet* with *fds*;
        none waits any more. *roots*: as :func:`setup.fork` has them."""
        if self._waiting is None:
            return False
        shim, first = self._waiting
        self._waiting = None
        files, own = setup.files_in(spec, fds)
        try:
            messages.pass_on(shim, packet, own)
        except OSError:
            return False
        else:
            with contextlib.suppress(OSError):
                # Or it has been killed, which the shim will hear and say.
                messages.pass_on(first, packet, [*roots, *files])
        finally:
            shim.close()
            first.close()
        return True

    def dismiss(self) -> None:
        """Both end when nobody holds our ends any more."""
        for channel in (*(self._waiting or ()), self._template):
            if channel is not None:
                channel.close()
        self._waiting = self._template = None


def main(channel: int) -> NoReturn:
    """Entry after the spawner's fork: a shim for each two descriptors that come from *channel*."""
    process.set_name(_NAME)
    shim.prepare_all()
    # The kernel reaps the shims.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    orders = socket.SocketType(fileno=channel)
    while (theirs := messages.receive_descriptors(orders)) is not None:
        try:
            if not os.fork():
                _become_shim(theirs)
        except OSError:
            # Whoever holds the other ends hears that nobody waits there.
            pass
        for fd in theirs:
            os.close(fd)
    os._exit(0)


def _become_shim(channels: tuple[int, int]) -> NoReturn:
    try:
        become_child({*channels})
        shim.wait(*channels)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)
