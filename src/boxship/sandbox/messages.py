"""Messages between daemon, spawner and shims: one JSON object and descriptors per packet.

The sockets are SOCK_SEQPACKET. A packet carries the object itself or, when that is larger than a
packet may be, a memfd with it as the first descriptor.
"""

import array
import contextlib
import json
import os
import socket
from collections.abc import Iterator, Sequence
from typing import Any

Message = dict[str, Any]

_INLINE, _MEMFD = b"J", b"M"
_INLINE_LIMIT = 32 * 1024
_MAX_FDS = 250
# Plain numbers: combining members of an enumeration runs a lot of Python.
_NO_SIGNAL, _CLOSE_ON_EXEC = int(socket.MSG_NOSIGNAL), int(socket.MSG_CMSG_CLOEXEC)
_ANCILLARY = socket.CMSG_SPACE(_MAX_FDS * 4)
PROTOCOL = 1


def send(channel: socket.SocketType, message: Message, fds: Sequence[int] = ()) -> None:
    """Send *message*; the receiver gets duplicates of *fds*. :class:`OSError` if it is gone."""
    payload = json.dumps(message).encode()
    if len(payload) < _INLINE_LIMIT:
        _sendmsg(channel, _INLINE + payload, fds)
        return
    memfd = memory_file("message", payload)
    try:
        _sendmsg(channel, _MEMFD, [memfd, *fds])
    finally:
        os.close(memfd)


def send_encoded(channel: socket.SocketType, text: bytes) -> None:
    """Send a short message that already is JSON."""
    channel.send(_INLINE + text, _NO_SIGNAL)


def _sendmsg(channel: socket.SocketType, data: bytes, fds: Sequence[int]) -> None:
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    channel.sendmsg([data], ancillary, _NO_SIGNAL)


@contextlib.contextmanager
def reachable(path: str) -> Iterator[str]:
    """*path* as a socket address, which has 107 bytes only (unix(7)), however deep it lies."""
    directory = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{os.path.basename(path)}"
    finally:
        os.close(directory)


def memory_file(name: str, content: bytes) -> int:
    """A memfd that holds *content*, positioned at its start; the caller closes it."""
    memfd = os.memfd_create(name, os.MFD_CLOEXEC)
    view = memoryview(content)
    while view:
        view = view[os.write(memfd, view) :]
    os.lseek(memfd, 0, os.SEEK_SET)
    return memfd


def read_all(fd: int) -> bytes:
    """Everything from *fd*'s position to its end; closes *fd*."""
    try:
        parts = []
        while part := os.read(fd, 1 << 20):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(fd)


def receive(channel: socket.SocketType, flags: int = 0) -> tuple[Message, list[int]] | None:
    """The next message and its descriptors (the caller owns them), or None at the end."""
    data, ancillary, _, _ = channel.recvmsg(_INLINE_LIMIT + 16, _ANCILLARY, flags | _CLOSE_ON_EXEC)
    fds = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    descriptors = list(fds)
    if not data:
        return None
    payload = data[1:] if data[:1] == _INLINE else read_all(descriptors.pop(0))
    return json.loads(payload.decode()), descriptors
