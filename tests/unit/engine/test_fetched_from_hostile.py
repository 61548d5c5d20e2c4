"""Servers and repositories that mean harm to the daemon that fetches from them."""

import asyncio
import contextlib
import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import InvalidParameter
from boxship.builder.work import Origin
from boxship.engine.building import elsewhere
from support.waiting import eventually

_GIT = ("git", "-c", "user.name=n", "-c", "user.email=e@e")
# More than a loop has threads.
_MANY = 40


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, directory: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.directory = str(directory)
        self.asked = threading.Semaphore(0)
        self.go_on = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.SimpleHTTPRequestHandler):
    server: _Server

    def __init__(self, request: Any, client: Any, server: _Server) -> None:
        super().__init__(request, client, server, directory=server.directory)

    def do_GET(self) -> None:
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
        elif self.path.startswith("/slow"):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"a")
            self.server.asked.release()
            self.server.go_on.wait()
            self.wfile.write(b"b")
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[_Server]:
    (tmp_path / "served").mkdir()
    with _Server(tmp_path / "served") as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield served
        served.go_on.set()
        served.shutdown()
        thread.join()


def _place(tmp_path: Path, name: str = "place") -> Path:
    place = tmp_path / name
    place.mkdir()
    return place


def _repository(server: _Server, files: dict[str, str]) -> str:
    work = Path(server.directory) / "work"
    work.mkdir()
    for name, content in files.items():
        (work / name).write_text(content)
    for command in (
        [*_GIT, "init", "--quiet"],
        [*_GIT, "add", "."],
        [*_GIT, "commit", "--quiet", "-m", "m"],
        [*_GIT, "clone", "--quiet", "--bare", ".", "../r.git"],
        [*_GIT, "--git-dir=../r.git", "update-server-info"],
    ):
        subprocess.run(command, cwd=work, check=True, capture_output=True)
    return f"{server.address}/r.git"


def test_settings_in_a_repository_are_no_settings_of_git(tmp_path: Path, server: _Server) -> None:
    harm = tmp_path / "harm"
    settings = f'[core]\n\tfsmonitor = "touch {harm}; false"\n'
    address = _repository(server, {".gitconfig": settings, "f": "1"})
    place = _place(tmp_path)
    asyncio.run(elsewhere.clone(address, place))
    assert (place / ".gitconfig").read_text() == settings
    assert not harm.exists()


@pytest.mark.parametrize("scheme", ["file", "ftp", "data"])
def test_redirections_lead_to_no_other_scheme(tmp_path: Path, server: _Server, scheme: str) -> None:
    # What one who asks for it would get to see.
    listed = f"{scheme}://127.0.0.1:{server.server_port}/etc/passwd"
    origin = Origin("url", f"{server.address}/to/{listed}")
    with pytest.raises(InvalidParameter, match=f"url type: {scheme}|302"):
        asyncio.run(elsewhere.download(origin, _place(tmp_path)))


def test_slow_servers_leave_the_loop_its_threads(tmp_path: Path, server: _Server) -> None:
    places = [_place(tmp_path, f"place-{number}") for number in range(_MANY)]
    origin = Origin("url", f"{server.address}/slow")

    async def fetch_all() -> None:
        fetches = [asyncio.ensure_future(elsewhere.download(origin, each)) for each in places]
        try:
            await asyncio.wait_for(asyncio.to_thread(_all_asked), 30)
        finally:
            server.go_on.set()
        await asyncio.gather(*fetches)

    def _all_asked() -> None:
        for _ in places:
            assert server.asked.acquire(timeout=20)

    asyncio.run(fetch_all())
    assert {(place / "slow").read_bytes() for place in places} == {b"ab"}


def _processes(address: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if address.encode() in words:
                found.append(path.parent.name)
    return found


def test_nothing_waits_for_the_server_of_a_cancelled_clone(tmp_path: Path, server: _Server) -> None:
    address = f"{server.address}/slow.git"

    async def give_up() -> None:
        fetch = asyncio.ensure_future(elsewhere.clone(address, _place(tmp_path)))
        assert await asyncio.to_thread(server.asked.acquire, timeout=20)
        fetch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetch

    asyncio.run(give_up())
    eventually(lambda: _processes(address) == [])
