"""The process itself: forked by the spawner, told by daemons, ended when nobody needs it.

It comes with a socket to the first daemon, and one that listens for those that come later.
"""

import contextlib
import gc
import os
import resource
import socket
from functools import partial
from typing import Any

from boxship.kernel import process
from boxship.sandbox import launch, messages
from boxship.sandbox.forked import silence_stdio
from boxship.sandbox.loop import READ, Loop
from boxship.sandbox.proxy.packets import Packets
from boxship.sandbox.proxy.streams import Streams

#: Of the messages below: a daemon replaces a process that speaks another one.
PROTOCOL = 1
# As shims have it: containers go before the process that they all need.
_OOM_SCORE = -998
Request = dict[str, Any]


class Service:
    """The ports of each container, and the daemons that are connected."""

    def __init__(self, listener: int) -> None:
        self.loop = Loop()
        self._listener = socket.socket(fileno=listener)
        self._daemons: set[socket.SocketType] = set()
        self._ports: dict[str, list[Streams | Packets]] = {}
        self._followed: dict[str, int] = {}

    def run(self, first: socket.SocketType) -> None:
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
            self._daemons.discard(daemon)
            self.loop.forget(daemon.fileno())
            daemon.close()
            self._end_if_unneeded()
            return
        message, fds = received
        if "hello" in message:
            answer = {"protocol": PROTOCOL, "pid": os.getpid(), "serves": [*self._ports]}
            with contextlib.suppress(OSError):
                messages.send(daemon, answer)
            return
        for request in message["requests"]:
            _REQUESTS[request["op"]](self, request, fds)

    def _end_if_unneeded(self) -> None:
        self.loop.stopped = not self._daemons and not self._ports

    def _open(self, request: Request, fds: list[int]) -> None:
        """Serve ports of a container, besides those that it has.

        *ports*: for each of the next descriptors protocol, address and port of the container.
        """
        opened = self._ports.setdefault(request["container"], [])
        for protocol, address, number in request["ports"]:
            kind = Packets if protocol == "udp" else Streams
            port = kind(self.loop, fds.pop(0), (address, number))
            opened.append(port)
            port.start()

    def _follow(self, request: Request, fds: list[int]) -> None:
        """End with the process of the next descriptor, should no daemon be there to tell."""
        pidfd, identity = fds.pop(0), request["container"]
        if identity not in self._ports or identity in self._followed:
            os.close(pidfd)
            return
        self._followed[identity] = pidfd
        self.loop.watch(pidfd, READ, lambda _: self._close({"container": identity}, []))

    def _drop(self, identity: str) -> None:
        for port in self._ports.pop(identity, ()):
            port.close()
        pidfd = self._followed.pop(identity, -1)
        if pidfd >= 0:
            self.loop.forget(pidfd)
            os.close(pidfd)

    def _close(self, request: Request, fds: list[int]) -> None:
        self._drop(request["container"])
        self._end_if_unneeded()

    def _leave(self, request: Request, fds: list[int]) -> None:
        """Another process takes over."""
        self.loop.stopped = True


_REQUESTS = {
    "open": Service._open,
    "follow": Service._follow,
    "close": Service._close,
    "leave": Service._leave,
}


def main(fds: list[int]) -> None:
    """Entry after the spawner's fork. *fds*: the daemon's socket, the one that listens."""
    process.set_name("boxship-proxy")
    process.close_other_fds({0, 1, 2, *fds})
    gc.enable()
    os.setsid()
    silence_stdio()
    # Where the daemon may not, we may not either.
    with contextlib.suppress(OSError):
        launch.write_oom_score(_OOM_SCORE)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    Service(fds[1]).run(socket.SocketType(fileno=fds[0]))
    os._exit(0)
