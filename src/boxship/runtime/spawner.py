"""The daemon's handle on its spawner process."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from boxship.sandbox import messages

# Seconds. One that lived shorter than that has failed to start.
_STEADY, _FAILURES = 1.0, 3


class SpawnerProcess:
    """Owns the process. If it dies another one is started; shims do not notice."""

    def __init__(self, directory: Path) -> None:
        """*directory* is on the exec root; an empty one below it serves overlay mounts."""
        self._empty = directory / "empty"
        self._mountpoint = directory / "rootfs"
        self._channel: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = False
        self._started = 0.0
        self._failures = 0

    @property
    def mountpoint(self) -> str:
        """Where every container's root is attached, each in a mount namespace of its own."""
        return str(self._mountpoint)

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> None:
        self._started = time.monotonic()
        self._empty.mkdir(parents=True, exist_ok=True)
        self._mountpoint.mkdir(exist_ok=True)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        os.set_inheritable(theirs.fileno(), True)
        module = "boxship.sandbox.spawner"
        command = [sys.executable, "-P", "-m", module, str(theirs.fileno()), str(self._empty)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True
        )
        theirs.close()
        self._channel = ours
        asyncio.get_running_loop().add_reader(ours.fileno(), self._ended)

    def _ended(self) -> None:
        """The channel is readable only at its end: the spawner never speaks first."""
        self._drop()
        if self._closing:
            return
        self._failures = 0 if time.monotonic() - self._started > _STEADY else self._failures + 1
        if self._failures < _FAILURES:
            self.start()
        else:
            # It cannot start at all; trying without a pause would keep a processor busy.
            asyncio.get_running_loop().call_later(_STEADY, self._start_again)

    def _start_again(self) -> None:
        if not self._closing and self._channel is None:
            self.start()

    def _drop(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            asyncio.get_running_loop().remove_reader(channel.fileno())
            channel.close()
        if self._process is not None:
            self._process.wait()

    def send(self, message: dict[str, Any], fds: Sequence[int]) -> None:
        """Pass on a request, to a new spawner if this one has died. :class:`OSError` without."""
        try:
            self._send(message, fds)
        except ConnectionError:
            if self._channel is not None:
                self._ended()
            self._send(message, fds)

    def _send(self, message: dict[str, Any], fds: Sequence[int]) -> None:
        if self._channel is None:
            raise BrokenPipeError(32, "the spawner is not running")
        messages.send_to_fork(self._channel, message, fds)

    def close(self) -> None:
        self._closing = True
        with contextlib.suppress(RuntimeError):
            self._drop()
