"""The daemon's handle on the process that carries published ports which the kernel cannot
(:mod:`boxship.sandbox.proxy.process`).

The process outlives the daemon. It is started when the first such port is published, found again by
its socket, and replaced when it has ended.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from boxship.network.ruleset import Publication
from boxship.sandbox import messages
from boxship.sandbox.proxy.process import PROTOCOL

#: Seconds in which a living process answers a greeting.
_GREETING = 5.0
# Seconds. One that lived shorter than that has failed to start.
_STEADY = 1.0
#: Ports in one message, which has room for no more descriptors.
_PORTS = 200
_SOCKET = "proxy.sock"
Row = tuple[Publication, socket.socket]


class Proxy:
    """*spawn* passes a message and descriptors to the spawner; *lost* is called when the process
    has ended while containers need it."""

    def __init__(
        self,
        directory: Path,
        spawn: Callable[[dict[str, Any], Sequence[int]], None],
        lost: Callable[[], object],
    ) -> None:
        self._path = str(directory / _SOCKET)
        self._spawn = spawn
        self._lost = lost
        self._channel: socket.socket | None = None
        self._started = 0.0
        #: Ids of the containers that it carries ports of.
        self.served: set[str] = set()

    async def find(self) -> None:
        """At the daemon's start: the process of an earlier one, if it lives and speaks as we do."""
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        channel.settimeout(_GREETING)
        try:
            with messages.reachable(self._path) as address:
                channel.connect(address)
            answer = await asyncio.to_thread(_greet, channel)
        except OSError:
            channel.close()
            return
        if answer is None or answer["protocol"] != PROTOCOL:
            with contextlib.suppress(OSError):
                messages.send(channel, {"requests": [{"op": "leave"}]})
            channel.close()
            return
        self.served = set(answer["serves"])
        self._take(channel)

    def _take(self, channel: socket.socket) -> None:
        # It reads at once what it is told, so that nobody waits here.
        channel.settimeout(_GREETING)
        self._channel = channel
        # It speaks only when greeted: readable means that it is gone.
        asyncio.get_running_loop().add_reader(channel.fileno(), self._ended)

    def _ended(self) -> None:
        self.close()
        needed, self.served = self.served, set()
        if needed:
            # One that cannot live must not keep a processor busy.
            quick = time.monotonic() - self._started < _STEADY
            asyncio.get_running_loop().call_later(_STEADY if quick else 0, self._lost)

    def _start(self) -> socket.socket:
        """Have it forked; what is sent meanwhile waits for it. :class:`OSError` without spawner."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with listener, theirs:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._path)
                with messages.reachable(self._path) as address:
                    listener.bind(address)
                listener.listen(4)
                self._spawn({"op": "proxy"}, [theirs.fileno(), listener.fileno()])
        except BaseException:
            ours.close()
            raise
        self._started = time.monotonic()
        self._take(ours)
        return ours

    def open(self, container: str, rows: Sequence[Row]) -> None:
        """Carry what arrives at the sockets, which stay the caller's, to the rows' targets.

        :class:`OSError` when there is no process and none can be had.
        """
        for start in range(0, len(rows), _PORTS):
            part = rows[start : start + _PORTS]
            ports = [[row.protocol, str(row.target), row.target_port] for row, _ in part]
            request = {"op": "open", "container": container, "ports": ports}
            self._send(request, [held.fileno() for _, held in part])
        self.served.add(container)

    def follow(self, container: str, pid: int) -> None:
        """Close its ports with the process *pid*, should this daemon have ended before."""
        if container in self.served:
            with _process(pid) as pidfd:
                self._send({"op": "follow", "container": container}, [pidfd])

    def shut(self, container: str) -> None:
        """Nothing of the container's is carried any more; told again, nothing happens."""
        if container in self.served:
            self.served.discard(container)
            with contextlib.suppress(OSError):
                self._send({"op": "close", "container": container}, ())

    def _send(self, request: dict[str, Any], fds: Sequence[int]) -> None:
        channel = self._channel or self._start()
        try:
            messages.send(channel, {"requests": [request]}, fds)
        except OSError:
            self._ended()
            raise

    def close(self) -> None:
        """Let go of it; it stays while containers need it."""
        channel, self._channel = self._channel, None
        if channel is not None:
            asyncio.get_running_loop().remove_reader(channel.fileno())
            channel.close()


@contextlib.contextmanager
def _process(pid: int) -> Iterator[int]:
    pidfd = os.pidfd_open(pid)
    try:
        yield pidfd
    finally:
        os.close(pidfd)


def _greet(channel: socket.socket) -> dict[str, Any] | None:
    messages.send(channel, {"hello": PROTOCOL})
    received = messages.receive(channel)
    return received[0] if received else None
