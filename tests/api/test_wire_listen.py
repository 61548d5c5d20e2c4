"""Listening sockets: who may connect, what is replaced, what is refused."""

import os
import socket
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from boxship.base.errors import Conflict, InvalidParameter
from boxship.wire.exchange import Exchange
from boxship.wire.listen import listen, listen_unix
from boxship.wire.peer import Peer
from support.serving import serving


def test_a_unix_socket_is_for_its_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / "new" / "api.sock"
    with listen_unix(str(path), group=str(os.getgid())):
        status = path.stat()
        assert stat.S_IMODE(status.st_mode) == 0o660
        assert status.st_gid == os.getgid()


def test_a_missing_group_does_not_matter(tmp_path: Path) -> None:
    with listen_unix(str(tmp_path / "s"), group="no-such-group"):
        assert (tmp_path / "s").exists()


def test_a_stale_file_is_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    listen_unix(path, "").close()
    with listen_unix(path, ""), socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


def test_a_live_socket_is_refused_and_lives_on(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with listen_unix(path, ""):
        with pytest.raises(Conflict, match="another engine is listening"):
            listen_unix(path, "")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)


def test_other_files_are_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("precious")
    with pytest.raises(Conflict, match="no socket"):
        listen_unix(str(path), "")
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(Conflict, match="no socket"):
        listen_unix(str(link), "")
    assert path.read_text() == "precious"


@pytest.mark.parametrize(
    "url",
    ["unix://relative", "http://x", "tcp://a:b:c", "tcp://[::1", "tcp://h:999999", "fd://", "fd://9"],
)  # fmt: skip
def test_malformed_urls(url: str) -> None:
    with pytest.raises(InvalidParameter):
        listen(url)


def test_tcp_and_a_taken_port() -> None:
    (sock,) = listen("tcp://127.0.0.1:0")
    with sock:
        port = sock.getsockname()[1]
        with pytest.raises(Conflict, match="Address already in use"):
            listen(f"tcp://127.0.0.1:{port}")
        socket.create_connection(("127.0.0.1", port), 5).close()


@pytest.mark.parametrize("number", ["", "*", "3"])
def test_sockets_of_a_service_manager(number: str) -> None:
    program = textwrap.dedent(
        """
        import os, socket, sys
        from boxship.wire.listen import listen
        listener = socket.create_server(("127.0.0.1", 0))
        os.dup2(listener.fileno(), 3)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        (sock,) = listen("fd://" + sys.argv[1])
        assert sock.getsockname() == listener.getsockname() and not sock.get_inheritable()
        """
    )
    subprocess.run([sys.executable, "-c", program, number], check=True, timeout=30)


def test_the_file_of_a_service_manager_is_left_alone(tmp_path: Path) -> None:
    """The manager goes on listening there when the service has ended."""
    program = textwrap.dedent(
        """
        import asyncio, os, socket, sys
        from boxship.wire.listen import listen
        from boxship.wire.server import Server
        manager = socket.socket(socket.AF_UNIX)
        manager.bind(sys.argv[1])
        manager.listen()
        os.dup2(manager.fileno(), 3)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))

        async def serve():
            server = Server(None)
            server.listen(*listen("fd://"))
            await server.close()

        asyncio.run(serve())
        """
    )
    path = tmp_path / "socket"
    subprocess.run([sys.executable, "-c", program, path], check=True, timeout=30)
    assert path.is_socket()


def test_the_server_tells_its_peer_and_removes_its_own_file(tmp_path: Path) -> None:
    peers: list[Peer] = []

    async def handler(exchange: Exchange) -> None:
        peers.append(exchange.peer)
        await exchange.respond(200, [])

    with serving(handler, tmp_path) as server:
        server.get("/")
        path = Path(server.path)
        assert peers == [Peer("unix", pid=os.getpid(), uid=os.getuid(), gid=os.getgid())]
    assert not path.exists()


def test_a_successors_file_is_left_alone(tmp_path: Path) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.respond(200, [])

    with serving(handler, tmp_path) as server:
        path = Path(server.path)
        path.unlink()
        path.write_text("successor")
    assert path.read_text() == "successor"
