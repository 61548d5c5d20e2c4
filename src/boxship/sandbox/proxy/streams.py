"""Connections to a published port, each tied to one that leads to the container."""

import contextlib
import errno
import socket

from boxship.sandbox.loop import READ, WRITE, Loop

#: What may wait for a receiver, in bytes; reading from the sender pauses there.
_WAITING = 1 << 18
_PIECE = 1 << 16
_BACKLOG = 1024
# Seconds until a listener is tried again that could not have another descriptor.
_PAUSE = 0.1
_HANG_UP = READ & ~1
# linux/in.h: what is sent there is messages, and none may become one with the next.
_SCTP = 132


class _Side:
    """One of the two sockets: what has been read from the other waits here to be sent."""

    def __init__(self, own: socket.SocketType) -> None:
        self.socket = own
        self.waiting = bytearray()
        self.connected = True
        #: Whether it may say more, and whether it has been told that the other will not.
        self.speaks = True
        self.told = False


class Pair:
    """Both sockets are owned; it ends when both sides have spoken to the end, or one fails."""

    def __init__(self, owner: "Streams", client: socket.SocketType, target: socket.SocketType):
        self._owner = owner
        self._sides = (_Side(client), _Side(target))
        self._sides[1].connected = False
        self._masks = [0, 0]
        self._most = 1 if client.proto == _SCTP else _WAITING
        self._open = True

    def start(self) -> None:
        self._rewatch()

    def _rewatch(self) -> None:
        for number, side in enumerate(self._sides):
            other = self._sides[1 - number]
            mask = _HANG_UP
            if side.speaks and len(other.waiting) < self._most and other.connected:
                mask |= READ
            if side.waiting or not side.connected:
                mask |= WRITE
            if mask != self._masks[number]:
                self._masks[number] = mask
                ready = self._ready_target if number else self._ready_client
                self._owner.loop.watch(side.socket.fileno(), mask, ready)

    def _ready_client(self, mask: int) -> None:
        self._ready(0, mask)

    def _ready_target(self, mask: int) -> None:
        self._ready(1, mask)

    def _ready(self, number: int, mask: int) -> None:
        side, other = self._sides[number], self._sides[1 - number]
        try:
            if not side.connected:
                self._connect(side)
            if mask & WRITE:
                self._flush(side)
            if mask & READ and side.speaks:
                self._read(side, other)
            elif mask & _HANG_UP and not side.speaks:
                raise OSError(errno.ECONNRESET, "gone")
        except OSError:
            self.close()
            return
        if all(each.told for each in self._sides):
            self.close()
        else:
            self._rewatch()

    def _connect(self, side: _Side) -> None:
        error = side.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, "cannot connect")
        side.connected = True

    def _read(self, side: _Side, other: _Side) -> None:
        try:
            data = side.socket.recv(_PIECE)
        except BlockingIOError:
            return
        if data:
            other.waiting += data
        else:
            side.speaks = False
        self._flush(other)

    def _flush(self, side: _Side) -> None:
        """Send what waits; when no more can come, say so."""
        if side.waiting:
            with contextlib.suppress(BlockingIOError):
                sent = side.socket.send(side.waiting, socket.MSG_NOSIGNAL)
                del side.waiting[:sent]
        other = self._sides[1] if side is self._sides[0] else self._sides[0]
        if not side.waiting and not other.speaks and not side.told:
            side.told = True
            side.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._owner.pairs.discard(self)
            for side in self._sides:
                self._owner.loop.forget(side.socket.fileno())
                side.socket.close()


class Streams:
    """A listening socket (owned) whose connections lead to *target*, address and port."""

    def __init__(self, loop: Loop, listener: int, target: tuple[str, int]) -> None:
        self.loop = loop
        self.pairs: set[Pair] = set()
        self._listener = socket.socket(fileno=listener)
        self._target = target
        self._family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
        self._open = True

    def start(self) -> None:
        self._listener.setblocking(False)
        self._listener.listen(_BACKLOG)
        self._resume()

    def _resume(self) -> None:
        if self._open:
            self.loop.watch(self._listener.fileno(), READ, self._accept)

    def _accept(self, mask: int) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                self.loop.forget(self._listener.fileno())
                self.loop.after(_PAUSE, self._resume)
            return
        try:
            target = socket.socket(self._family, socket.SOCK_STREAM, self._listener.proto)
        except OSError:
            client.close()
            return
        for each in (client, target):
            each.setblocking(False)
        if target.connect_ex(self._target) not in (0, errno.EINPROGRESS):
            client.close()
            target.close()
            return
        pair = Pair(self, client, target)
        self.pairs.add(pair)
        pair.start()

    def close(self) -> None:
        """The port is closed, and so is each of its connections."""
        self._open = False
        self.loop.forget(self._listener.fileno())
        self._listener.close()
        for pair in [*self.pairs]:
            pair.close()
