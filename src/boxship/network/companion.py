"""The daemon's handle on a process that serves all containers and outlives the daemon.

It is started when the first container needs it, found again by its socket, and told everything anew
when it had to be replaced.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxship.sandbox import messages

Request = dict[str, Any]
#: Seconds in which a living process answers a greeting.
_GREETING = 5.0
# Seconds. One that lived shorter than that has failed to start.
_STEADY = 1.0
# Bytes: what may wait while the process is busy. It never blocks, so it never is for long.
_BACKLOG = 8 << 20
_SO_SNDBUFFORCE = 32


@dataclass(frozen=True, slots=True)
class Kind:
    """*name*: what the spawner calls it, and its socket; *protocol*: the one that we speak."""

    name: str
    protocol: int


class Companion:
    """*spawn* passes a message and descriptors to the spawner; *lost* is called when the process
    has ended while containers need it."""

    kind: Kind

    def __init__(
        self,
        directory: Path,
        spawn: Callable[[dict[str, Any], Sequence[int]], None],
        lost: Callable[[], object],
    ) -> None:
        self._path = str(directory / f"{self.kind.name}.sock")
        self._spawn = spawn
        self._lost = lost
        self._channel: socket.socket | None = None
        self._started = 0.0
        #: Ids of the containers that it serves.
        self.served: set[str] = set()

    async def find(self) -> None:
        """At the daemon's start: the process of an earlier one, if it lives and speaks as we do.

        :attr:`served` then tells whom it serves.
        """
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        channel.settimeout(_GREETING)
        try:
            with messages.reachable(self._path) as address:
                channel.connect(address)
            answer = await asyncio.to_thread(self._greet, channel)
        except OSError:
            channel.close()
            return
        if answer is None or answer["protocol"] != self.kind.protocol:
            with contextlib.suppress(OSError):
                messages.send(channel, {"requests": [{"op": "leave"}]})
            channel.close()
            return
        self.served = set(answer["serves"])
        self._take(channel)

    def _greet(self, channel: socket.socket) -> dict[str, Any] | None:
        messages.send(channel, {"hello": self.kind.protocol})
        received = messages.receive(channel)
        return received[0] if received else None

    def _take(self, channel: socket.socket) -> None:
        channel.setblocking(False)
        with contextlib.suppress(OSError):
            channel.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _BACKLOG)
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
                    # Whoever connects may say who is who.
                    os.chmod(address, 0o600)
                listener.listen(4)
                self._spawn({"op": self.kind.name}, [theirs.fileno(), listener.fileno()])
        except BaseException:
            ours.close()
            raise
        self._started = time.monotonic()
        self._take(ours)
        return ours

    def send(self, requests: Sequence[Request], fds: Sequence[int] = ()) -> None:
        """Have *requests* carried out at once. *fds* are borrowed.

        :class:`OSError` when there is no process and none can be had.
        """
        try:
            self._send(requests, fds)
        except OSError:
            self._ended()
            self._send(requests, fds)

    def tell(self, requests: Sequence[Request], fds: Sequence[int] = ()) -> None:
        """As :meth:`send`, what is of no use to a new process. :class:`OSError` when it is gone."""
        if self._channel is not None:
            messages.send(self._channel, {"requests": [*requests]}, fds)

    def _send(self, requests: Sequence[Request], fds: Sequence[int]) -> None:
        channel = self._channel or self._start()
        messages.send(channel, {"requests": [*requests]}, fds)

    def close(self) -> None:
        """Let go of it; it stays while containers need it."""
        channel, self._channel = self._channel, None
        if channel is not None:
            asyncio.get_running_loop().remove_reader(channel.fileno())
            channel.close()
