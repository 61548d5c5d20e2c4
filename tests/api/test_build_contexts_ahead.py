"""A context that was built from before is asked for at once, as far as it was needed then."""

import asyncio
import secrets
from dataclasses import dataclass, field

import pytest

from boxship.wire.grpc.server import Call
from support import engines
from support.buildkit_session import send_files, session, solve

_EVERYTHING = b"FROM busybox\nCOPY . /c\n"
_FILES = {"a": b"1", "b": b"2"}


@dataclass
class Asked:
    """A client of one directory, and what it was asked for: the paths of its context, and what
    was to be left out. *first*: how many of these come before it shows its Dockerfile."""

    path: str
    key: str = field(default_factory=lambda: secrets.token_hex(8))
    ignore: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    cancelled: int = 0

    def build(self, dockerfile: bytes, first: int = 0) -> list[tuple[str, str]]:
        """What is asked for by a build of *dockerfile*."""
        self.calls = []
        asyncio.run(self._build(dockerfile, first))
        return self.calls

    async def _build(self, dockerfile: bytes, first: int) -> None:
        come = asyncio.Event()
        if not first:
            come.set()

        async def sync(call: Call) -> None:
            follow = call.metadata.get("followpaths", "")
            if call.metadata["dir-name"] == "dockerfile":
                await asyncio.wait_for(come.wait(), 30)
                await send_files(call, {"Dockerfile": dockerfile})
            elif follow == ".dockerignore":
                await send_files(call, {follow: self.ignore.encode()} if self.ignore else {})
            else:
                self.calls.append((follow, call.metadata.get("exclude-patterns", "")))
                if len(self.calls) >= first:
                    come.set()
                try:
                    await send_files(call, {follow: _FILES[follow]} if follow else _FILES)
                except asyncio.CancelledError:
                    self.cancelled += 1
                    raise

        async with session(self.path, sync, key=self.key) as name:
            await solve(self.path, name)


@pytest.fixture
def client(boxship_daemon: engines.Engine) -> Asked:
    return Asked(str(boxship_daemon.socket))


def test_the_same_again_is_asked_for_before_the_dockerfile_is_known(client: Asked) -> None:
    assert client.build(_EVERYTHING) == [("", "")]
    assert client.build(_EVERYTHING, first=1) == [("", "")]
    assert client.build(_EVERYTHING + b"RUN test -e /c/a\n", first=1) == [("", "")]
    assert client.cancelled == 0


def test_something_else_is_asked_for_anew(client: Asked) -> None:
    client.build(_EVERYTHING)
    assert client.build(b"FROM busybox\nCOPY a /c\n", first=1) == [("", ""), ("a", "")]
    assert client.build(b"FROM busybox\nCOPY b /c\n", first=1) == [("a", ""), ("b", "")]
    client.ignore = "a\n"
    assert client.build(_EVERYTHING, first=1) == [("b", ""), ("", "a")]
    assert client.build(b"FROM busybox\nRUN true\n", first=1) == [("", "a")]
    assert client.cancelled == 4


def test_what_belongs_to_another_directory_is_no_hint(client: Asked) -> None:
    client.build(b"FROM busybox\nCOPY a /c\n")
    client.key = secrets.token_hex(8)
    assert client.build(_EVERYTHING) == [("", "")]
