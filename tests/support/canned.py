"""A server on a unix socket that answers with bytes prepared by the test."""

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

Talk = Callable[[socket.socket], None]


class Canned:
    """``host`` is its address. ``heads`` are the request heads that :meth:`head` read."""

    def __init__(self, path: Path) -> None:
        self.host = f"unix://{path}"
        self.heads: list[str] = []

    def head(self, sock: socket.socket) -> str:
        """Read one request's head; its body stays on the socket."""
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            byte = sock.recv(1)
            if not byte:
                return ""
            data += byte
        self.heads.append(data.decode())
        return self.heads[-1]


@contextlib.contextmanager
def serving(*talks: Callable[[Canned, socket.socket], None]) -> Iterator[Canned]:
    """Serve one connection for each of *talks*, in order; fails if one of them fails."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "s"
        canned = Canned(path)
        failures: list[BaseException] = []
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(8)

        def run() -> None:
            for talk in talks:
                sock, _ = listener.accept()
                with sock:
                    try:
                        talk(canned, sock)
                    except BaseException as error:
                        failures.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield canned
            thread.join(10)
            assert not thread.is_alive(), "a prepared connection was never made"
        finally:
            listener.close()
        assert failures == []
