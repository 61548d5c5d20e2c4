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
from boxship.sandbox import messages, setup, shim, waiting
from boxship.sandbox.forked import become_child

_NAME = "boxship-template"


class Ready:
    """The spawner's side: the ways to the template, to the shim that waits, and to those that have
    served and may again."""

    def __init__(self) -> None:
        self._template: socket.SocketType | None = None
        # Brings the way to each shim that has served.
        self._served: socket.SocketType | None = None
        # The ways to a shim that waits, and to its first process.
        self._waiting: tuple[socket.SocketType, socket.SocketType] | None = None

    @property
    def has_template(self) -> bool:
        return self._template is not None

    def found(self) -> tuple[int, int]:
        """The ends for the process that is going to be the template (:func:`main`); the caller
        closes them."""
        ours, theirs = process.packet_pair()
        served, offers = process.packet_pair()
        self._template = socket.SocketType(fileno=ours)
        self._served = socket.SocketType(fileno=served)
        sender = socket.SocketType(fileno=offers)
        # As little as the kernel allows, which is room for about six: more need not wait.
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        return theirs, sender.detach()

    def prepare(self) -> None:
        """Have a shim that waits, if there is none."""
        if self._waiting is not None or self._template is None:
            return
        shim, theirs = process.packet_pair()
        first, orders = process.packet_pair()
        self._waiting = socket.SocketType(fileno=shim), socket.SocketType(fileno=first)
        try:
            if not self._ask_served((theirs, orders)):
                messages.send_descriptors(self._template, (theirs, orders))
        except OSError:
            # The template has been killed.
            self.dismiss()
        finally:
            os.close(theirs)
            os.close(orders)

    def _ask_served(self, ends: tuple[int, int]) -> bool:
        """Whether one that has served gets *ends*, to wait at them."""
        assert self._served is not None
        with contextlib.suppress(BlockingIOError):
            while found := messages.receive_descriptors(self._served, messages.AT_ONCE):
                way = socket.SocketType(fileno=found[0])
                try:
                    messages.send_descriptors(way, ends)
                except OSError:
                    # It has been killed.
                    continue
                finally:
                    way.close()
                return True
        return False

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
        """All end when nobody holds our ends any more."""
        for channel in (*(self._waiting or ()), self._template, self._served):
            if channel is not None:
                channel.close()
        self._waiting = self._template = self._served = None


def main(channel: int, offers: int) -> NoReturn:
    """Entry after the spawner's fork: a shim for each two descriptors that come from *channel*.

    *offers* leads back to the spawner, for shims that have served.
    """
    process.set_name(_NAME)
    shim.prepare_all()
    # The kernel reaps the shims.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    orders = socket.SocketType(fileno=channel)
    while (theirs := messages.receive_descriptors(orders)) is not None:
        try:
            if not os.fork():
                _become_shim(theirs, offers)
        except OSError:
            # Whoever holds the other ends hears that nobody waits there.
            pass
        for fd in theirs:
            os.close(fd)
    os._exit(0)


def _become_shim(channels: list[int], offers: int) -> NoReturn:
    try:
        become_child({*channels, offers})
        waiting.serve(channels, offers)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)
