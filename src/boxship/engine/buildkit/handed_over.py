"""A client of this machine, which hands over descriptors in place of content."""

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from boxship.base.errors import InvalidParameter
from boxship.registry import credentials
from boxship.registry.credentials import ANONYMOUS, Credentials

_PIECE = 1 << 20
_LIMIT = 16 << 30
Ask = Callable[[dict[str, str]], Awaitable[dict[str, str]]]
R = TypeVar("R")


class Definition(msgspec.Struct, rename="pascal"):
    """The Dockerfile's *text*; *ignore*: what belongs to it alone, None for the context's."""

    text: str
    ignore: str | None = None


class Exporter(msgspec.Struct, rename="pascal"):
    """*descriptor*: which one takes the result, -1 for none."""

    type: str
    attrs: dict[str, str] = {}
    descriptor: int = -1


class Handover(msgspec.Struct, rename="pascal"):
    """A build as our own client asks for it: BuildKit's *attributes*, exporters and caches;
    *descriptors* is how many follow. Of these, *directories* are contexts by name, *archive* is
    what the context is read from, *agents* are sockets by id, *stores* directories of blobs by the
    names that BuildKit's clients have for them."""

    attributes: dict[str, str]
    descriptors: int = 0
    exporters: list[Exporter] = []
    cache_exports: list[Exporter] = []
    definition: Definition | None = None
    directories: dict[str, int] = {}
    archive: int = -1
    agents: dict[str, int] = {}
    secrets: dict[str, bytes] = {}
    stores: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Directory:
    """*path* leads to the very directory that was handed over, as long as its descriptor is open;
    *lasting* is its own name, empty where that does not lead to it here (another root or mount
    namespace)."""

    path: str
    lasting: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What a :class:`~boxship.engine.buildkit.sessions.Session` is for other clients. The
    *descriptors* stay its maker's; *places* are directories by name, *ask* puts a question to the
    client, *user* is its user and group, *sink* takes a result."""

    given: Handover
    descriptors: Sequence[int]
    places: Mapping[str, Directory]
    ask: Ask
    user: tuple[int, int]
    sink: int = -1
    shared_key: str = field(default="", init=False)

    @property
    def owner(self) -> str:
        """Who the client is."""
        return f"handed-over:{self.user[0]}"

    @property
    def definition(self) -> Definition | None:
        return self.given.definition

    def directory(self, name: str) -> Directory:
        """Of the context *name*. :class:`InvalidParameter` when there is none."""
        found = self.places.get(name)
        if found is None:
            raise InvalidParameter(f"no directory was handed over for {name}")
        return found

    def for_output(self, number: int) -> "HandedOver":
        """The same client, who takes the result of the exporter *number*."""
        return replace(self, sink=self.given.exporters[number].descriptor)

    def store(self, name: str) -> int:
        """The directory of the store *name*. :class:`InvalidParameter` when there is none."""
        if name not in self.given.stores:
            raise InvalidParameter(f"no directory was handed over for the store {name}")
        fd = self._descriptor(self.given.stores[name])
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            raise InvalidParameter(f"what was handed over for the store {name} is no directory")
        return fd

    async def credentials(self, domain: str) -> Credentials:
        found = await self.ask({"credentials": domain})
        if not found:
            return ANONYMOUS
        return credentials.make(
            found.get("username"),
            found.get("password"),
            None,
            found.get("identitytoken"),
            found.get("registrytoken"),
        )

    async def secret(self, name: str) -> bytes | None:
        return self.given.secrets.get(name)

    async def has_agent(self, name: str) -> bool:
        return name in self.given.agents

    def agent(self, name: str) -> str:
        """A path that leads to the socket of the agent *name*."""
        return f"/proc/self/fd/{self._descriptor(self.given.agents[name])}"

    async def store_archive(self, target: Path) -> None:
        """Copy what the client hands over as context into *target*."""
        source = os.dup(self._descriptor(self.given.archive))
        await _apart(lambda: _copy(source, target))

    async def take(self, pieces: AsyncIterator[bytes], told: Callable[[int, bool], None]) -> None:
        """Write *pieces* where this result goes."""
        fd = self._file(self.sink)
        size = 0
        async for piece in pieces:
            await _apart(partial(_write, os.dup(fd), piece))
            size += len(piece)
            told(size, False)
        told(size, True)

    def _file(self, number: int) -> int:
        fd = self._descriptor(number)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise InvalidParameter("what was handed over for a result is no file")
        return fd

    def _descriptor(self, number: int) -> int:
        if not 0 <= number < len(self.descriptors):
            raise InvalidParameter(f"there is no descriptor {number}")
        return self.descriptors[number]


async def find_directories(given: Handover, descriptors: Sequence[int]) -> dict[str, Directory]:
    """All directories in *given*, by name. :class:`InvalidParameter` for other things."""

    def find() -> dict[str, Directory]:
        found = {}
        for name, number in given.directories.items():
            if not 0 <= number < len(descriptors):
                raise InvalidParameter(f"there is no descriptor {number}")
            found[name] = _directory(name, descriptors[number])
        return found

    return await _apart(find)


def _directory(name: str, fd: int) -> Directory:
    status = os.fstat(fd)
    if not stat.S_ISDIR(status.st_mode):
        raise InvalidParameter(f"what was handed over as {name} is no directory")
    lasting = ""
    with contextlib.suppress(OSError):
        path = os.readlink(f"/proc/self/fd/{fd}")
        if os.path.samestat(os.stat(path), status):
            lasting = path
    return Directory(f"/proc/{os.getpid()}/fd/{fd}", lasting)


async def _apart(work: Callable[[], R]) -> R:
    """In a thread of its own: a client's file systems may be as slow as they like."""
    executor = ThreadPoolExecutor(1, thread_name_prefix="handed-over")
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, work)
    finally:
        executor.shutdown(wait=False)


# Threads own descriptors: those of a build that was given up are soon somebody else's.


def _write(fd: int, data: bytes) -> None:
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
    finally:
        os.close(fd)


def _copy(source: int, target: Path) -> None:
    size = 0
    with open(source, "rb", 0) as stream, target.open("xb") as file:
        while data := stream.read(_PIECE):
            size += len(data)
            if size > _LIMIT:
                raise InvalidParameter(f"the context is larger than {_LIMIT} bytes")
            file.write(data)
