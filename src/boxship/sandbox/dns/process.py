"""The process itself: forked by the spawner, told by daemons, ended when nobody needs it.

A daemon speaks in batches, which are carried out at once, so that no query sees half of one. It
comes with a socket to the first daemon, and one that listens for those that come later.
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
from boxship.sandbox.dns.names import Endpoint, Names
from boxship.sandbox.dns.resolver import Resolver
from boxship.sandbox.dns.upstream import Upstream
from boxship.sandbox.forked import silence_stdio
from boxship.sandbox.loop import READ, Loop

#: Of the messages below: a daemon replaces a process that speaks another one.
PROTOCOL = 1
# As shims have it: containers go before the process that they all need.
_OOM_SCORE = -998
Request = dict[str, Any]


class Service:
    """All resolvers, the names, and the daemons that are connected."""

    def __init__(self, listener: int) -> None:
        self.loop = Loop()
        self._listener = socket.socket(fileno=listener)
        self._daemons: set[socket.SocketType] = set()
        self._upstream = Upstream(self.loop)
        self._names = Names()
        self._resolvers: dict[str, Resolver] = {}

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
            self._drop(daemon)
            return
        batch, fds = received
        if "hello" in batch:
            self._greet(daemon)
            return
        for request in batch["requests"]:
            _REQUESTS[request["op"]](self, request, fds)

    def _greet(self, daemon: socket.SocketType) -> None:
        answer = {"protocol": PROTOCOL, "pid": os.getpid(), "serves": [*self._resolvers]}
        with contextlib.suppress(OSError):
            messages.send(daemon, answer)

    def _drop(self, daemon: socket.SocketType) -> None:
        self._daemons.discard(daemon)
        self.loop.forget(daemon.fileno())
        daemon.close()
        self._end_if_unneeded()

    def _end_if_unneeded(self) -> None:
        self.loop.stopped = not self._daemons and not self._resolvers

    def _clear(self, request: Request, fds: list[int]) -> None:
        """All names are told anew, in the same batch."""
        self._names.clear()

    def _join(self, request: Request, fds: list[int]) -> None:
        addresses = [bytes.fromhex(text) for text in request["addresses"]]
        endpoint = Endpoint(request["network_name"], request["names"], addresses)
        self._names.join(request["container"], request["network"], endpoint)

    def _part(self, request: Request, fds: list[int]) -> None:
        self._names.part(request["container"], request["network"])

    def _open(self, request: Request, fds: list[int]) -> None:
        """Serve a container by the next three descriptors, in place of what served it before."""
        identity = request["container"]
        old = self._resolvers.pop(identity, None)
        if old is not None:
            old.close()
        self._resolvers[identity] = resolver = Resolver(self._upstream, fds[:3])
        del fds[:3]
        resolver.configure(self._names, request["spec"])
        resolver.start()

    def _configure(self, request: Request, fds: list[int]) -> None:
        resolver = self._resolvers.get(request["container"])
        if resolver is not None:
            resolver.configure(self._names, request["spec"])

    def _follow(self, request: Request, fds: list[int]) -> None:
        """End with the process of the next descriptor, should no daemon be there to tell."""
        pidfd = fds.pop(0)
        identity = request["container"]
        resolver = self._resolvers.get(identity)
        if resolver is None:
            os.close(pidfd)
        else:
            resolver.follow(pidfd, partial(self._forget, identity))

    def _close(self, request: Request, fds: list[int]) -> None:
        self._forget(request["container"])

    def _forget(self, identity: str) -> None:
        self._names.forget(identity)
        resolver = self._resolvers.pop(identity, None)
        if resolver is not None:
            resolver.close()
        self._end_if_unneeded()

    def _leave(self, request: Request, fds: list[int]) -> None:
        """Another process takes over."""
        self.loop.stopped = True


_REQUESTS = {
    "clear": Service._clear,
    "join": Service._join,
    "part": Service._part,
    "open": Service._open,
    "configure": Service._configure,
    "follow": Service._follow,
    "close": Service._close,
    "leave": Service._leave,
}


def main(fds: list[int]) -> None:
    """Entry after the spawner's fork. *fds*: the daemon's socket, the one that listens."""
    process.set_name("boxship-dns")
    process.close_other_fds({0, 1, 2, *fds})
    gc.enable()
    os.setsid()
    silence_stdio()
    with contextlib.suppress(OSError):
        launch.write_oom_score(_OOM_SCORE)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    Service(fds[1]).run(socket.SocketType(fileno=fds[0]))
    os._exit(0)
