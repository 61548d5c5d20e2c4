"""Being told when somebody changes the rules of nftables (netlink(7), linux/nfnetlink.h)."""

import errno
import socket
import struct

_NETFILTER = 12
_GROUP_NFTABLES = 7
_ADD_MEMBERSHIP = 1
_SOL_NETLINK = 270
# Message type: the subsystem, and the announcement of a new generation at a transaction's end.
_NEW_GENERATION = 10 << 8 | 15
_HEADER = struct.Struct("=IHHII")
_BUFFER, _RECEIVED = 1 << 20, 1 << 16


class NftEvents:
    """Of the network namespace that the calling thread is in. Readable when there is news."""

    def __init__(self) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(socket.AF_NETLINK, kind, _NETFILTER)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.bind((0, 0))
        self._socket.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, _GROUP_NFTABLES)

    def fileno(self) -> int:
        return self._socket.fileno()

    def authors(self) -> set[int]:
        """Ports of the netlink sockets that have made changes since the last call; 0 among them
        when some news were lost."""
        found: set[int] = set()
        while True:
            try:
                data = self._socket.recv(_RECEIVED)
            except BlockingIOError:
                return found
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                found.add(0)
                continue
            found |= generation_authors(data)

    def close(self) -> None:
        self._socket.close()


def generation_authors(data: bytes) -> set[int]:
    """Who has finished a transaction, by the messages of one datagram."""
    found: set[int] = set()
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, _, _, port = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            break
        if kind == _NEW_GENERATION:
            found.add(port)
        offset += (length + 3) & ~3
    return found
