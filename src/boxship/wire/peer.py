"""Who is at the other end of a connection."""

import socket
import struct
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peer:
    """Credentials of a unix peer (SO_PEERCRED, unix(7)), or the address of a TCP one.

    ``subject`` is the common name of a verified TLS client certificate. Missing values are None.
    """

    kind: str
    """``unix``, ``tcp`` or ``tls``."""
    pid: int | None = None
    uid: int | None = None
    gid: int | None = None
    address: str | None = None
    subject: str | None = None


def peer_of(sock: socket.socket) -> Peer:
    """The peer of a connected unix or TCP socket."""
    if sock.family == socket.AF_UNIX:
        raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid, uid, gid = struct.unpack("3i", raw)
        return Peer("unix", pid=pid, uid=uid, gid=gid)
    try:
        host, port = sock.getpeername()[:2]
    except OSError:
        return Peer("tcp")
    return Peer("tcp", address=f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
