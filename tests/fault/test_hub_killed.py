"""A hub that is killed again and again in the middle of pushes and pulls."""

import http.client
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from boxship.hub.collector import collect
from boxship.hub.hub import Hub
from support.hub import ForkedHub, HubClient, RunningHub, digest_of
from support.waiting import eventually

T = TypeVar("T")
PUSHES, PULLS = 60, 40
SIZE = 4_000_000
#: More than waits between two sockets.
LARGE = 16_000_000
CHUNK = 250_000
_BROKEN = (OSError, http.client.HTTPException)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    running = ForkedHub(tmp_path / "hub")
    running.add_user("alice")
    running.start()
    try:
        yield running
    finally:
        running.close()


class Killer(threading.Thread):
    """Kills the hub *times* times, each at a moment of its own choice, and starts it again."""

    def __init__(self, hub: RunningHub, times: int, chance: random.Random) -> None:
        super().__init__()
        self._hub = hub
        self._times = times
        self._chance = chance
        self.kills = 0

    def run(self) -> None:
        while self.kills < self._times:
            time.sleep(self._chance.uniform(0, 0.08))
            self._hub.kill()
            self.kills += 1
            self._hub.start()


def _until_it_works(client: HubClient, attempt: Callable[[], T]) -> T:
    """The result of *attempt*, made again while the hub dies under it."""
    for _ in range(200):
        try:
            return attempt()
        except _BROKEN:
            client.close()
    raise AssertionError("the hub never comes back")


def _push(client: HubClient, content: bytes) -> int:
    """Push *content* in chunks, each where the hub says that the upload is. Times resumed."""
    location = _until_it_works(client, lambda: client.begin("alice/box"))
    digest = digest_of(content)
    blob = f"/v2/alice/box/blobs/{digest}"
    resumed = offset = 0
    while True:
        part = content[offset : offset + CHUNK]
        try:
            if not part:
                answer = client.ask("PUT", f"{location}?digest={digest}")
            else:
                span = {"Content-Range": f"{offset}-{offset + len(part) - 1}"}
                answer = client.ask("PATCH", location, part, span)
        except _BROKEN:
            client.close()
            resumed += 1
        else:
            if answer.status == 201:
                return resumed
            assert answer.status in (202, 416), answer
        status = _until_it_works(client, lambda: client.ask("GET", location))
        if status.status == 404:  # published, and the answer was lost
            head = _until_it_works(client, lambda: client.ask("HEAD", blob))
            assert head.status == 200
            return resumed
        found = re.fullmatch(r"0-(\d+)", status.headers["range"])
        assert found is not None
        offset = int(found[1]) + 1 if found[1] != "0" else 0


def _pull(hub: RunningHub, token: str, digest: str, begun: Callable[[], None]) -> tuple[bytes, int]:
    """The blob, fetched by ranges behind what is there already; and how often that broke. *begun*
    is called when the first of it is there."""
    content, broken = b"", 0
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=20)
        try:
            headers = {"Authorization": f"Bearer {token}", "Range": f"bytes={len(content)}-"}
            connection.request("GET", f"/v2/alice/box/blobs/{digest}", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 206
            while part := answer.read1(100_000):
                if not content:
                    begun()
                content += part
            if len(content) == LARGE:
                return content, broken
            broken += 1
        except _BROKEN:
            broken += 1
        finally:
            connection.close()


def test_pushes_resume_and_nothing_corrupt_is_kept(hub: RunningHub) -> None:
    chance = random.Random(5)
    client = hub.client("alice")
    client.again = False
    killer = Killer(hub, PUSHES, chance)
    killer.start()
    pushed, resumed = [], 0
    while killer.is_alive():
        content = chance.randbytes(SIZE)
        resumed += _push(client, content)
        pushed.append(content)
    killer.join()
    assert killer.kills == PUSHES and resumed > 0
    for content in pushed:
        blob = f"/v2/alice/box/blobs/{digest_of(content)}"
        found = _until_it_works(client, lambda path=blob: client.ask("GET", path))
        assert found.body == content

    async def leftovers(opened: Hub) -> list[int]:
        await collect(opened, 0)
        return [each.stat().st_size for each in hub.root.glob("blobs/*/*")]

    sizes = hub.inside(leftovers)
    assert all(size <= SIZE for size in sizes)


def test_pulls_resume_and_nothing_corrupt_is_served(hub: RunningHub) -> None:
    chance = random.Random(7)
    content = chance.randbytes(LARGE)
    client = hub.client("alice")
    digest = client.push_blob("alice/box", content)
    token = client.token({"scope": "repository:alice/box:pull"})
    killer = Killer(hub, PULLS, chance)
    killer.start()
    pulls = broken = 0

    def next_kill() -> None:
        """However fast the machine is: some break in the middle."""
        before = killer.kills
        eventually(lambda: killer.kills > before or not killer.is_alive(), 60)

    while killer.is_alive():
        found, times = _pull(hub, token, digest, (lambda: None) if pulls % 2 else next_kill)
        assert found == content
        pulls, broken = pulls + 1, broken + times
    killer.join()
    assert killer.kills == PULLS and pulls and broken
