"""Connections that have left HTTP."""

import socket
from typing import Protocol

from boxship.wire.peer import Peer


class HijackedConnection(Protocol):
    """A connection after its response head. Exactly one owner, who detaches or closes it."""

    @property
    def peer(self) -> Peer:
        """The client."""

    def detach_socket(self) -> tuple[socket.socket, bytes]:
        """A blocking stream socket that the caller owns, and the bytes already read from it.

        It is the client's own socket where there is one (unix, TCP), so that it can be handed to
        another process; otherwise one end of a socket pair that a pump keeps (TLS, WebSocket).
        Shutting down its write side half-closes the stream towards the client and the other way
        round. Raises ClientGone when the client left before.
        """

    def close(self) -> None:
        """End the connection; harmless when it was detached."""
