"""Messages between daemon, spawner and shims: one JSON object and descriptors per packet.

The sockets are SOCK_SEQPACKET. A packet carries the object itself or, when that is larger than a
packet may be, a memfd with it as the first descriptor. From the daemon to its spawner and among
processes that were forked from one another it is marshalled: to read JSON leaves a quarter of a
megabyte of unshared pages behind.

A message has at most LIMIT bytes and MAX_FDS descriptors. The sender refuses more with
:class:`Internal`; a receiver takes what a broken peer has sent as :class:`TooLong`.
"""

import array
import contextlib
import errno
import json
import marshal
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from boxship.base.errors import Internal

Message = dict[str, Any]
#: As it came, to be passed on without a second encoding; whoever has it owns the descriptors.
Packet = tuple[bytes, list[int]]

_INLINE, _MEMFD = b"J", b"M"
_FORKED_INLINE, _FORKED_MEMFD = b"j", b"m"
# The last version that keeps no list of what it has read.
_MARSHAL = 2
_INLINE_LIMIT = 32 * 1024
#: Bytes of an encoded message, and descriptors that its sender gives.
LIMIT, MAX_FDS = 32 << 20, 250
_KERNEL_MAX_FDS = 253  # SCM_MAX_FD (unix(7))
# Plain numbers: combining members of an enumeration runs a lot of Python.
_NO_SIGNAL, _CLOSE_ON_EXEC = int(socket.MSG_NOSIGNAL), int(socket.MSG_CMSG_CLOEXEC)
#: For what is to be done at once or not at all (BlockingIOError).
AT_ONCE = int(socket.MSG_DONTWAIT)
_TRUNCATED = int(socket.MSG_TRUNC | socket.MSG_CTRUNC)
_ANCILLARY = socket.CMSG_SPACE(_KERNEL_MAX_FDS * 4)
_TWO = socket.CMSG_SPACE(8)
PROTOCOL = 1


class TooLong(OSError):
    """A message of a peer that keeps no limits; its descriptors are closed."""

    def __init__(self) -> None:
        super().__init__(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))


def send(channel: socket.SocketType, message: Message, fds: Sequence[int] = ()) -> None:
    """Send *message*; the receiver gets duplicates of *fds*.

    :class:`OSError` if the receiver is gone; :class:`Internal` beyond LIMIT and MAX_FDS.
    """
    _send(channel, json.dumps(message).encode(), _INLINE, _MEMFD, fds)


def send_to_fork(channel: socket.SocketType, message: Message, fds: Sequence[int] = ()) -> None:
    """As :func:`send`, to a process that runs the same interpreter."""
    _send(channel, encode_for_fork(message), _FORKED_INLINE, _FORKED_MEMFD, fds)


def encode_for_fork(content: Any) -> bytes:
    """What :func:`decode_of_fork` reads in a process that runs the same interpreter."""
    return marshal.dumps(content, _MARSHAL)


def decode_of_fork(encoded: bytes) -> Any:
    return marshal.loads(encoded)


def _send(
    channel: socket.SocketType, payload: bytes, inline: bytes, in_file: bytes, fds: Sequence[int]
) -> None:
    if len(payload) > LIMIT:
        raise Internal(f"a message of {len(payload)} bytes between processes, of at most {LIMIT}")
    if len(fds) > MAX_FDS:
        raise Internal(f"a message with {len(fds)} descriptors, of at most {MAX_FDS}")
    if len(payload) < _INLINE_LIMIT:
        _sendmsg(channel, inline + payload, fds)
        return
    memfd = memory_file("message", payload)
    try:
        _sendmsg(channel, in_file, [memfd, *fds])
    finally:
        os.close(memfd)


def send_encoded(channel: socket.SocketType, text: bytes) -> None:
    """Send a short message that already is JSON."""
    channel.send(_INLINE + text, _NO_SIGNAL)


def _sendmsg(channel: socket.SocketType, data: bytes, fds: Sequence[int], flags: int = 0) -> None:
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    channel.sendmsg([data], ancillary, _NO_SIGNAL | flags)


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


def receive(channel: socket.SocketType) -> tuple[Message, list[int]] | None:
    """The next message and its descriptors (the caller owns them), or None at the end."""
    packet = receive_packet(channel)
    if packet is None:
        return None
    try:
        message, fds = unpack(packet)
    except TooLong:
        _close(packet[1])
        raise
    _close(holding(packet))
    return message, fds


def _close(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)


def holding(packet: Packet) -> list[int]:
    """The descriptor of the message itself, if it came in a memfd."""
    data, fds = packet
    return fds[:1] if data[:1] in (_MEMFD, _FORKED_MEMFD) else []


def unpack(packet: Packet) -> tuple[Message, list[int]]:
    """Return the message in *packet*, and its descriptors, which stay the packet's.

    :class:`TooLong` if the message has more than LIMIT bytes.
    """
    data, fds = packet
    kind, payload = data[:1], data[1:]
    if holding(packet):
        memfd, *fds = fds
        size = os.fstat(memfd).st_size
        if size > LIMIT:
            raise TooLong
        payload = os.pread(memfd, size, 0)
    forked = kind in (_FORKED_INLINE, _FORKED_MEMFD)
    return decode_of_fork(payload) if forked else json.loads(payload), fds


def pass_on(channel: socket.SocketType, packet: Packet, fds: Sequence[int]) -> None:
    """Send the message of *packet* with the descriptors *fds*, some of its own."""
    _sendmsg(channel, packet[0], [*holding(packet), *fds])


def receive_packet(channel: socket.SocketType) -> Packet | None:
    """Return the next message as it comes, or None at the end. :class:`TooLong`"""
    data, ancillary, flags, _ = channel.recvmsg(_INLINE_LIMIT + 16, _ANCILLARY, _CLOSE_ON_EXEC)
    fds = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    if flags & _TRUNCATED:
        _close(fds)
        raise TooLong
    return (data, list(fds)) if data else None


def send_descriptors(channel: socket.SocketType, fds: Sequence[int], flags: int = 0) -> None:
    """Send duplicates of at most two *fds* and nothing else."""
    _sendmsg(channel, b"\0", fds, flags)


def receive_descriptors(channel: socket.SocketType, flags: int = 0) -> list[int] | None:
    """What :func:`send_descriptors` has sent, or None at the end; little is allocated for it."""
    data, ancillary, _, _ = channel.recvmsg(1, _TWO, _CLOSE_ON_EXEC | flags)
    if not data:
        return None
    content = ancillary[0][2]
    return [int.from_bytes(content[at : at + 4], sys.byteorder) for at in range(0, len(content), 4)]
