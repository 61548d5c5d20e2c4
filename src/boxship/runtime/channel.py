"""The daemon's end of a SEQPACKET socket: requests with replies, and events."""

import asyncio
import contextlib
import itertools
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

from boxship.base.errors import Internal
from boxship.sandbox import messages

Event = dict[str, Any]


class ShimError(Exception):
    """A shim refused a request. *code* is the exit code that goes with it."""

    def __init__(self, message: str, code: int = 0, errno: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.errno = errno


class Channel:
    """Owns *sock*. *on_event* gets what is no reply; *on_end* is called once, at the end."""

    def __init__(
        self,
        sock: socket.socket,
        on_event: Callable[[Event], None],
        on_end: Callable[[], None],
    ) -> None:
        self._socket = sock
        self._on_event = on_event
        self._on_end = on_end
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._loop = asyncio.get_running_loop()
        self._open = True
        sock.setblocking(False)
        self._loop.add_reader(sock.fileno(), self._readable)

    @property
    def open(self) -> bool:
        return self._open

    def _readable(self) -> None:
        while self._open:
            try:
                received = messages.receive(self._socket)
            except BlockingIOError:
                return
            except ConnectionResetError:
                # The peer left with a request unread; what it has sent before is still to come.
                continue
            except OSError:
                received = None
            if received is None:
                self.close()
                return
            message, fds = received
            for fd in fds:
                os.close(fd)
            self._dispatch(message)

    def _dispatch(self, message: Event) -> None:
        waiter = self._waiting.pop(message.get("id") or 0, None)
        if waiter is None:
            if "id" not in message:
                self._on_event(message)
            return
        if waiter.done():
            return
        error = message.get("error")
        if error:
            failure = ShimError(error["message"], error.get("code", 0), error.get("errno", 0))
            waiter.set_exception(failure)
        else:
            waiter.set_result(message.get("ok"))

    async def request(self, op: str, fds: Sequence[int] = (), **arguments: Any) -> Any:
        """Send and await the reply. :class:`ShimError` as the shim's answer, or if it is gone."""
        if not self._open:
            raise ShimError("container is not running")
        number = next(self._numbers)
        future = self._waiting[number] = self._loop.create_future()
        try:
            messages.send(self._socket, {"id": number, "op": op, **arguments}, fds)
        except BlockingIOError:
            del self._waiting[number]
            raise Internal("the container's shim does not answer") from None
        except Internal:
            del self._waiting[number]
            raise
        except OSError:
            self._waiting.pop(number, None)
            raise ShimError("container is not running") from None
        return await future

    def close(self) -> None:
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        for waiter in self._waiting.values():
            if not waiter.done():
                waiter.set_exception(ShimError("container is not running"))
        self._waiting.clear()
        with contextlib.suppress(Exception):
            self._on_end()
