"""The daemon's handle on the process that carries published ports which the kernel cannot
(:mod:`boxship.sandbox.proxy.process`)."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Sequence

from boxship.network.companion import Companion, Kind
from boxship.network.ruleset import Publication
from boxship.sandbox.proxy.process import PROTOCOL

#: Ports in one message, which has room for no more descriptors.
_PORTS = 200
# Seconds. One that is stopped must not keep containers from ending.
_PATIENCE = 5.0
Row = tuple[Publication, socket.socket]


class Proxy(Companion):
    """*served*: ids of the containers that it carries ports of."""

    kind = Kind("proxy", PROTOCOL)

    def open(self, container: str, rows: Sequence[Row]) -> None:
        """Carry what arrives at the sockets, which stay the caller's, to the rows' targets.

        :class:`OSError` when there is no process and none can be had.
        """
        for start in range(0, len(rows), _PORTS):
            part = rows[start : start + _PORTS]
            ports = [[row.protocol, str(row.target), row.target_port] for row, _ in part]
            request = {"op": "open", "container": container, "ports": ports}
            self.send([request], [held.fileno() for _, held in part])
        self.served.add(container)

    def follow(self, container: str, pid: int) -> None:
        """Close its ports with the process *pid*, should this daemon have ended before."""
        if container not in self.served:
            return
        pidfd = os.pidfd_open(pid)
        try:
            self.send([{"op": "follow", "container": container}], [pidfd])
        finally:
            os.close(pidfd)

    def shut(self, container: str) -> None:
        """Nothing of the container's is carried any more; told again, nothing happens."""
        if container in self.served:
            self.served.discard(container)
            with contextlib.suppress(OSError):
                self.tell([{"op": "close", "container": container}])

    async def free(self, container: str) -> None:
        """As :meth:`shut`; others can have the ports when this returns."""
        if container not in self.served:
            return
        self.served.discard(container)
        done, held = os.pipe2(os.O_CLOEXEC)
        try:
            try:
                self.tell([{"op": "close", "container": container, "tells": True}], [held])
            finally:
                os.close(held)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_readable(done), _PATIENCE)
        except OSError:
            pass
        finally:
            os.close(done)


async def _readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)
