"""The process itself: forked by the spawner, told by daemons, ended when nobody needs it.

A daemon speaks in batches, which are carried out at once, so that no query sees half of one. It
comes with a socket to the first daemon, and one that listens for those that come later.
"""

import os
from functools import partial

from boxship.sandbox.companion import Companion, Request, serve
from boxship.sandbox.dns.names import Endpoint, Names
from boxship.sandbox.dns.resolver import Resolver
from boxship.sandbox.dns.upstream import Upstream

#: Of the messages below: a daemon replaces a process that speaks another one.
PROTOCOL = 1


class Service(Companion):
    """All resolvers, the names, and the daemons that are connected."""

    def __init__(self, listener: int) -> None:
        super().__init__(listener, PROTOCOL)
        self._upstream = Upstream(self.loop)
        self._names = Names()
        self._resolvers: dict[str, Resolver] = {}

    def serves(self) -> list[str]:
        return [*self._resolvers]

    def carry_out(self, request: Request, fds: list[int]) -> None:
        _REQUESTS[request["op"]](self, request, fds)

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
        self.end_if_unneeded()

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
    serve("boxship-dns", fds, Service)
