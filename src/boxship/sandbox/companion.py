"""What the processes have in common that serve all containers and outlive the daemon.

Daemons connect to a socket, greet, and send batches of requests; the process ends when neither a
daemon nor a container needs it. The daemon's side is :mod:`boxship.network.companion`.
"""

import contextlib
import gc
import os
import resource
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from boxship.kernel import process
from boxship.sandbox import launch, messages
from boxship.sandbox.forked import silence_stdio
from boxship.sandbox.loop import READ, Loop

# As shims have it: containers go before the process that they all need.
_OOM_SCORE = -998
Request = dict[str, Any]


class Companion:
    """Owns the socket *listener* and the daemons' connections."""

    def __init__(self, listener: int, protocol: int) -> None:
        self.loop = Loop()
        self._protocol = protocol
        self._listener = socket.socket(fileno=listener)
        self._daemons: set[socket.SocketType] = set()

    def serves(self) -> list[str]:
        """The ids of the containers that need this process."""
        raise NotImplementedError

    def carry_out(self, request: Request, fds: list[int]) -> None:
        """One request of a daemon, which takes its descriptors from the front of *fds*."""
        raise NotImplementedError

    def run(self, first: socket.SocketType) -> None:
        """Serve the daemon *first* and those that come, until nobody needs it."""
        self.loop.watch(self._listener.fileno(), READ, self._accept)
        self._add(first)
        self.loop.run()

    def _accept(self, mask: int) -> None:
        self._add(self._listener.accept()[0])

    def _add(self, daemon: socket.SocketType) -> None:
        self._daemons.add(daemon)
        self.loop.watch(daemon.fileno(), READ, partial(self._ready, daemon))

    def _ready(self, daemon: socket.SocketType, mask: int) -> None:
        try:
            received = messages.receive(daemon)
        except OSError:
            received = None
        if received is None:
            self._lose(daemon)
            return
        batch, fds = received
        if "hello" in batch:
            answer = {"protocol": self._protocol, "pid": os.getpid(), "serves": self.serves()}
            with contextlib.suppress(OSError):
                messages.send(daemon, answer)
            return
        for request in batch["requests"]:
            self.carry_out(request, fds)

    def _lose(self, daemon: socket.SocketType) -> None:
        self._daemons.discard(daemon)
        self.loop.forget(daemon.fileno())
        daemon.close()
        self.end_if_unneeded()

    def end_if_unneeded(self) -> None:
        """To be called when a container has gone."""
        if not self._daemons and not self.serves():
            self.loop.stopped = True


def serve(name: str, fds: list[int], make: Callable[[int], Companion]) -> NoReturn:
    """The life of the process after the spawner's fork. *fds*: the daemon's socket, the one that
    listens, which *make* is given."""
    process.set_name(name)
    process.close_other_fds({0, 1, 2, *fds})
    gc.enable()
    os.setsid()
    silence_stdio()
    # Where the daemon may not, we may not either.
    with contextlib.suppress(OSError):
        launch.write_oom_score(_OOM_SCORE)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    make(fds[1]).run(socket.SocketType(fileno=fds[0]))
    os._exit(0)
