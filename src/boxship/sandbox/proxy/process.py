"""The process itself: forked by the spawner, told by daemons, ended when nobody needs it.

It comes with a socket to the first daemon, and one that listens for those that come later.
"""

import os

from boxship.sandbox.companion import Companion, Request, serve
from boxship.sandbox.loop import READ
from boxship.sandbox.proxy.packets import Packets
from boxship.sandbox.proxy.streams import Streams

#: Of the messages below: a daemon replaces a process that speaks another one.
PROTOCOL = 2


class Service(Companion):
    """The ports of each container, and the daemons that are connected."""

    def __init__(self, listener: int) -> None:
        super().__init__(listener, PROTOCOL)
        self._ports: dict[str, list[Streams | Packets]] = {}
        self._followed: dict[str, int] = {}

    def serves(self) -> list[str]:
        return [*self._ports]

    def carry_out(self, request: Request, fds: list[int]) -> None:
        _REQUESTS[request["op"]](self, request, fds)

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
        """*tells*: the next descriptor is closed when nothing of the container's is open."""
        self._drop(request["container"])
        if request.get("tells"):
            os.close(fds.pop(0))
        self.end_if_unneeded()

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
    serve("boxship-proxy", fds, Service)
