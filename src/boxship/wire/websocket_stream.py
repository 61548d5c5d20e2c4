"""A hijacked WebSocket connection."""

import socket
import threading

from boxship.wire.hijack import HijackedConnection
from boxship.wire.peer import Peer
from boxship.wire.relay import Relay
from boxship.wire.websocket import WebSocketCodec


class WebSocketConnection:
    """HijackedConnection over another one that carries WebSocket frames."""

    def __init__(self, outer: HijackedConnection) -> None:
        self._outer = outer

    @property
    def peer(self) -> Peer:
        return self._outer.peer

    def detach_socket(self) -> tuple[socket.socket, bytes]:
        """Our end of a socket pair; a thread relays the other until either side closes."""
        client, received = self._outer.detach_socket()
        ours, inner = socket.socketpair()
        relay = Relay(client, inner, WebSocketCodec())
        threading.Thread(target=relay.run, args=(received,), name="websocket", daemon=True).start()
        return ours, b""

    def close(self) -> None:
        self._outer.close()
