"""Where a container's queries go: sockets inside its network namespace that we listen on.

They have random ports, and packets to 127.0.0.11:53 are led there, so that a server in the
container may have port 53 of all addresses for itself.
"""

import os
import socket

from boxship.kernel.nft import Nft
from boxship.network.namespace import Namespace

#: What ``nameserver`` in resolv.conf says.
ADDRESS = "127.0.0.11"
_TABLE = "ip boxship_dns"
# Deleting waits for the kernel's readers, ten milliseconds.
_DELETE = "add table {table}\ndelete table {table}\n"
_RULES = """
table {table} {{
  chain queries {{
    type nat hook output priority -100; policy accept;
    ip daddr {address} udp dport 53 dnat to {address}:{udp}
    ip daddr {address} tcp dport 53 dnat to {address}:{tcp}
  }}
}}
"""
_BACKLOG = 128
# Bytes of queries that may wait: a burst of some thousand is not lost.
_QUEUE = 1 << 20
_SO_RCVBUFFORCE = 33


def install(namespace: Namespace, again: bool = False) -> list[int]:
    """Descriptors that the caller owns: UDP socket, listening TCP socket, namespace.

    *again*: in place of what an earlier call has installed. :class:`Internal` or :class:`OSError`,
    with nothing left open.
    """
    return namespace.run(lambda: _install(namespace, again))


def _install(namespace: Namespace, again: bool) -> list[int]:
    packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    streams = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        packets.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _QUEUE)
        packets.bind((ADDRESS, 0))
        streams.bind((ADDRESS, 0))
        streams.listen(_BACKLOG)
        ports = {"udp": packets.getsockname()[1], "tcp": streams.getsockname()[1]}
        nft = Nft()
        try:
            rules = _DELETE + _RULES if again else _RULES
            nft.run(rules.format(table=_TABLE, address=ADDRESS, **ports))
        finally:
            nft.close()
        held = os.dup(namespace.fd)
        return [packets.detach(), streams.detach(), held]
    except BaseException:
        packets.close()
        streams.close()
        raise
