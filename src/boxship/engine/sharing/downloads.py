"""Layers being fetched. Whoever needs the same layer at the same time shares the work."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from boxship.base.errors import InvalidParameter
from boxship.engine.sharing.feed import Feed
from boxship.engine.sharing.messages import Meter, Reporter
from boxship.images.blob_rows import BlobRow
from boxship.images.exchange import Exchange
from boxship.images.layers import StagedLayer
from boxship.images.partial import Partial
from boxship.registry.errors import ProtocolError
from boxship.registry.manifests import Layer
from boxship.registry.repository import Repository

AT_ONCE = 3  # layers
Listener = Callable[[str, int, int], None]


@dataclass(eq=False)
class _Download:
    """``told`` is the last message, for those who come later."""

    holders: int = 0
    told: tuple[str, int, int] = ("Pulling fs layer", 0, 0)
    listeners: list[Listener] = field(default_factory=list)
    task: "asyncio.Task[tuple[StagedLayer, BlobRow]] | None" = None
    stack: ExitStack = field(default_factory=ExitStack)

    def tell(self, status: str, current: int = 0, total: int = 0) -> None:
        self.told = (status, current, total)
        for listener in self.listeners:
            listener(status, current, total)


class Downloads:
    """All downloads of an engine."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._running: dict[tuple[str, str], _Download] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        # A blob's file has one writer: one that is being cancelled, say, is waited for.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def fetch(
        self,
        repository: Repository,
        layer: Layer,
        diff_id: str,
        reporter: Reporter,
        until: ExitStack,
    ) -> tuple[StagedLayer, BlobRow]:
        """The layer, staged and verified, for as long as *until* is open.

        The last one to let go of a download that is still running cancels it.
        """
        key = (layer.blob.digest, diff_id)
        download = self._running.get(key)
        if download is None:
            download = self._running[key] = _Download()
            download.task = asyncio.create_task(self._run(download, repository, layer, diff_id))
        listener = _listener(reporter, layer.blob.digest)
        download.holders += 1
        download.listeners.append(listener)
        until.callback(self._let_go, key, download, listener)
        listener(*download.told)
        assert download.task is not None
        return await asyncio.shield(download.task)

    def _let_go(self, key: tuple[str, str], download: _Download, listener: Listener) -> None:
        download.holders -= 1
        download.listeners.remove(listener)
        if download.holders:
            return
        if self._running.get(key) is download:
            del self._running[key]
        assert download.task is not None
        download.task.cancel()
        download.task.add_done_callback(lambda task: _tidy(download, task))

    async def _run(
        self, download: _Download, repository: Repository, layer: Layer, diff_id: str
    ) -> tuple[StagedLayer, BlobRow]:
        lock = self._locks.setdefault(layer.blob.digest, asyncio.Lock())
        if self._slots.locked() or lock.locked():
            download.tell("Waiting")
        self._exchange.check_room(layer.blob.size)
        async with lock, self._slots:
            directory = download.stack.enter_context(self._exchange.directory())
            with (
                closing(self._exchange.partials.open(layer.blob.digest)) as partial,
                closing(self._exchange.archive(directory)) as archive,
            ):
                try:
                    staged = await self._feed(download, repository, layer, partial).into(
                        lambda fds: self._exchange.stage(fds, directory, archive, diff_id),
                        lambda: _arrived(download, layer.blob.size),
                        archive.follow,
                    )
                except (InvalidParameter, ProtocolError):
                    # What came from somebody who lies is not what the rest would be added to.
                    partial.discard()
                    raise
        blob = layer.blob
        return staged, BlobRow(blob.digest, diff_id, blob.media_type, blob.size, layer.urls)

    def _feed(
        self, download: _Download, repository: Repository, layer: Layer, partial: Partial
    ) -> Feed:
        def tell(current: int, total: int) -> None:
            download.tell("Downloading", current, total)

        meter = Meter(tell, layer.blob.size)
        return Feed(repository, layer.blob, layer.urls, partial, meter.at)


def _arrived(download: _Download, size: int) -> None:
    for status in ("Verifying Checksum", "Download complete"):
        download.tell(status)
    download.tell("Extracting", size, size)


def _listener(reporter: Reporter, digest: str) -> Listener:
    def tell(status: str, current: int, total: int) -> None:
        if not total:
            reporter.say(status, digest)
        else:
            reporter.move(status, digest, current, total)

    return tell


def _tidy(download: _Download, task: "asyncio.Task[tuple[StagedLayer, BlobRow]]") -> None:
    # Big files take their time to vanish.
    task.get_loop().run_in_executor(None, download.stack.close)
    if not task.cancelled():
        task.exception()  # it was told to those who waited
