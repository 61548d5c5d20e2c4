"""The shim that waits for the next container, and the template: the process that it is forked from.

A page that a process writes to after a fork is left to its child alone. The spawner writes to some
two hundred with each request; the template does nothing but fork, so that all who come from it
share nearly everything.
"""

import os
import signal
import socket
import traceback
from typing import NoReturn

from boxship.kernel import process
from boxship.sandbox import messages, shim
from boxship.sandbox.forked import become_child
from boxship.sandbox.stacks import Stacks

_NAME = "boxship-template"


class Ready:
    """The spawner's side: the way to the template, and to the shim that waits."""

    def __init__(self) -> None:
        self._template: socket.SocketType | None = None
        self._shim: socket.SocketType | None = None

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
        if self._shim is not None or self._template is None:
            return
        ours, theirs = process.packet_pair()
        try:
            messages.send_descriptor(self._template, theirs)
        except OSError:
            # It has been killed.
            os.close(ours)
            self.dismiss()
        else:
            self._shim = socket.SocketType(fileno=ours)
        finally:
            os.close(theirs)

    def hand_over(self, packet: messages.Packet, fds: list[int]) -> bool:
        """Whether a shim waited and has got *packet* with *fds*; none waits any more."""
        waiting, self._shim = self._shim, None
        if waiting is None:
            return False
        try:
            messages.pass_on(waiting, packet, fds)
        except OSError:
            return False
        finally:
            waiting.close()
        return True

    def dismiss(self) -> None:
        """Both end when nobody holds our ends any more."""
        for channel in (self._shim, self._template):
            if channel is not None:
                channel.close()
        self._shim = self._template = None


def main(channel: int, stacks: Stacks) -> NoReturn:
    """Entry after the spawner's fork: a shim for each descriptor that comes from *channel*."""
    process.set_name(_NAME)
    shim.prepare_all()
    # The kernel reaps the shims.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    orders = socket.SocketType(fileno=channel)
    while (theirs := messages.receive_descriptor(orders)) is not None:
        try:
            if not os.fork():
                _become_shim(theirs, stacks)
        except OSError:
            # Whoever holds the other end hears that nobody waits there.
            pass
        os.close(theirs)
    os._exit(0)


def _become_shim(channel: int, stacks: Stacks) -> NoReturn:
    try:
        become_child({channel, *stacks.descriptors()})
        shim.wait(channel, stacks)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)
