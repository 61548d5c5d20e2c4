"""Past builds: what is remembered of them, on disk, and who is told when that changes."""

import asyncio
import contextlib
import hashlib
import logging
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from boxship.base.digests import is_digest
from boxship.builder.buildkit.attachments import LENGTH, Attachment
from boxship.builder.buildkit.history import (
    COMPLETE,
    DELETED,
    STARTED,
    Descriptor,
    HistoryEvent,
    HistoryRecord,
    UpdateHistoryRequest,
)
from boxship.wire.grpc.status import Code, GrpcError
from boxship.wire.protobuf import DecodeError

_log = logging.getLogger(__name__)
_MOST = 50
_MOST_PINNED = 200
_MOST_BYTES = 256 << 20
_MOST_PINNED_BYTES = 256 << 20
# Seconds: a client that has heard all is gone in less, and its next build is not here yet.
_MOMENT = 0.025
# Events that a client may be behind.
_BEHIND = 1000
_PIECE = 1 << 18
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Blob:
    """*size* in bytes; *created* in nanoseconds since 1970."""

    digest: str
    path: Path
    size: int
    created: int


class Listener:
    """Who is told of changes, until it is too far behind."""

    def __init__(self) -> None:
        self._news: deque[HistoryEvent] = deque()
        self._changed = asyncio.Event()
        self.is_lost = False

    def tell(self, event: HistoryEvent) -> None:
        self.is_lost = self.is_lost or len(self._news) >= _BEHIND
        if not self.is_lost:
            self._news.append(event)
        self._changed.set()

    async def events(self) -> AsyncIterator[HistoryEvent]:
        while not self.is_lost:
            while self._news:
                yield self._news.popleft()
            self._changed.clear()
            await self._changed.wait()


class History:
    """Owns *root*. The last builds are remembered, and those that somebody has pinned; blobs are
    those that a record speaks of."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._records: dict[str, HistoryRecord] = {}
        #: Bytes of each, with its blobs.
        self._sizes: dict[str, int] = {}
        self._is_read = False
        self._lock = asyncio.Lock()
        self._keeping: set[asyncio.Task[None]] = set()
        self._working: set[asyncio.Task[Any]] = set()
        #: Set when somebody asks for what is being kept; then there is another one.
        self._asked = asyncio.Event()
        self._listeners: set[Listener] = set()

    # while builds run

    def begin(self, record: HistoryRecord) -> None:
        self._tell(STARTED, record)

    def keep(self, make: Callable[[], tuple[HistoryRecord, Sequence[Attachment]]]) -> None:
        """Remember what *make* tells of a build that has ended. It is called in a thread: nobody
        waits for it but those who then ask."""
        task = asyncio.ensure_future(self._keep(make, self._asked))
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    async def _keep(
        self, make: Callable[[], tuple[HistoryRecord, Sequence[Attachment]]], asked: asyncio.Event
    ) -> None:
        if not self._listeners:
            # The client has yet to hear what came of its build: nothing should delay that.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_MOMENT):
                    await asked.wait()
        async with self._opened():
            record, attachments = await asyncio.to_thread(make)
            record.generation = 1
            try:
                size = await asyncio.to_thread(self._write, record, attachments)
            except OSError as error:
                _log.warning("the build %s is not remembered: %s", record.ref, error)
                await asyncio.to_thread(self._drop, [record])
                return
            before = self._records.pop(record.ref, None)
            self._records[record.ref], self._sizes[record.ref] = record, size
            gone = self._excess()
            for one in gone:
                del self._records[one.ref], self._sizes[one.ref]
            await asyncio.to_thread(self._remove, [*gone, *([before] if before else [])])
        self._tell(COMPLETE, record)
        for one in gone:
            self._tell(DELETED, HistoryRecord(one.ref))

    def _hurry(self) -> None:
        event, self._asked = self._asked, asyncio.Event()
        event.set()

    def _excess(self) -> list[HistoryRecord]:
        """The oldest go when there are too many, or when they are too large; never the last."""
        found: list[HistoryRecord] = []
        loose = [one for one in self._records.values() if not one.pinned]
        sizes = [self._sizes[one.ref] for one in loose]
        while len(loose) > 1 and (len(loose) > _MOST or sum(sizes) > _MOST_BYTES):
            found.append(loose.pop(0))
            sizes.pop(0)
        return found

    async def close(self) -> None:
        """Wait until everything is written."""
        self._hurry()
        while tasks := self._keeping | self._working:
            await asyncio.wait(tasks)

    # for those who ask

    async def records(self) -> list[HistoryRecord]:
        """The oldest first; all that have ended before this was called are in it."""
        await self._settled()
        return await self._whole(self._all())

    async def _all(self) -> list[HistoryRecord]:
        async with self._opened():
            return [*self._records.values()]

    async def _settled(self) -> None:
        """Wait for what is being kept; who is cancelled meanwhile does not take that along."""
        if self._keeping:
            self._hurry()
            await asyncio.wait([*self._keeping])

    async def _whole(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of *work*, which is finished though nobody waits for it any more: a thread
        that writes files goes on, and what is known of them has to be the same."""
        task = asyncio.ensure_future(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return await asyncio.shield(task)

    async def record(self, ref: str) -> HistoryRecord | None:
        return next((one for one in await self.records() if one.ref == ref), None)

    @contextlib.contextmanager
    def listener(self) -> Iterator[Listener]:
        """One that is told of every change while this lasts."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def update(self, request: UpdateHistoryRequest) -> None:
        """GrpcError for a record that is not there, or too many that are pinned."""
        await self._settled()
        # What finalizing waits for has been kept with the record.
        if not request.finalize:
            await self._whole(self._update(request))

    async def _update(self, request: UpdateHistoryRequest) -> None:
        async with self._opened():
            record = self._records.get(request.ref)
            if record is None:
                raise GrpcError(Code.UNKNOWN, f"build record {request.ref}: not found")
            if request.delete:
                del self._records[request.ref], self._sizes[request.ref]
                await asyncio.to_thread(self._remove, [record])
                self._tell(DELETED, HistoryRecord(request.ref))
                return
            if request.pinned and not record.pinned:
                self._check_room(record)
            changed = replace(record, pinned=request.pinned, generation=record.generation + 1)
            await asyncio.to_thread(self._write, changed, ())
            self._records[request.ref] = changed
        self._tell(COMPLETE, changed)

    def _check_room(self, record: HistoryRecord) -> None:
        """GrpcError when *record* cannot be pinned as well: nothing else ever drops those."""
        sizes = [self._sizes[one.ref] for one in self._records.values() if one.pinned]
        if len(sizes) >= _MOST_PINNED:
            raise GrpcError(Code.RESOURCE_EXHAUSTED, "too many build records are pinned")
        if sum(sizes) + self._sizes[record.ref] > _MOST_PINNED_BYTES:
            what = "the build records that are pinned are too large: unpin or delete some of them"
            raise GrpcError(Code.RESOURCE_EXHAUSTED, what)

    async def blobs(self, wanted: str = "") -> list[Blob]:
        """What records speak of and is there: everything, or the digest *wanted*."""
        digests = {blob.digest for one in await self.records() for blob in one.descriptors()}
        if wanted:
            digests &= {wanted}
        return await asyncio.to_thread(self._look, sorted(digests))

    async def told(self, ref: str) -> AsyncIterator[list[bytes]] | None:
        """What the build *ref* told its clients, encoded, some at a time; None for an unknown
        one."""
        record = await self.record(ref)
        if record is None or record.logs is None:
            return None
        return _messages(self._blob_path(record.logs.digest))

    def _tell(self, kind: int, record: HistoryRecord) -> None:
        for listener in self._listeners:
            listener.tell(HistoryEvent(kind, record))

    # on disk

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        async with self._lock:
            if not self._is_read:
                self._records = await asyncio.to_thread(self._load)
                self._sizes = {ref: _size(one) for ref, one in self._records.items()}
                self._is_read = True
            yield

    def _load(self) -> dict[str, HistoryRecord]:
        """The records whose blobs are whole: a crash may have cut off the last ones."""
        found = []
        for name in ("records", "blobs"):
            (self._root / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in (self._root / "records").iterdir():
            # One that has not got its name would come back whenever it is read.
            record = None if path.suffix else _read(path)
            if record is not None and all(map(self._is_whole, record.descriptors())):
                found.append(record)
            else:
                path.unlink()
        found.sort(key=HistoryRecord.began)
        known = {blob.digest for one in found for blob in one.descriptors()}
        for path in (self._root / "blobs").iterdir():
            if f"sha256:{path.name}" not in known:
                path.unlink()
        return {one.ref: one for one in found}

    def _is_whole(self, blob: Descriptor) -> bool:
        path = self._blob_path(blob.digest) if is_digest(blob.digest) else None
        return path is not None and path.is_file() and path.stat().st_size == blob.size

    def _write(self, record: HistoryRecord, attachments: Sequence[Attachment]) -> int:
        """Bytes of everything."""
        for one in attachments:
            _put(self._blob_path(one.descriptor.digest), one.data)
        _put(self._record_path(record.ref), record.encode())
        return _size(record)

    def _remove(self, gone: Sequence[HistoryRecord]) -> None:
        """*gone* are no longer among the records; others may have their references."""
        for one in gone:
            if one.ref not in self._records:
                self._record_path(one.ref).unlink(missing_ok=True)
        self._drop(gone)

    def _drop(self, gone: Sequence[HistoryRecord]) -> None:
        """Remove blobs that nothing but *gone* speaks of."""
        kept = {blob.digest for one in self._records.values() for blob in one.descriptors()}
        for digest in {blob.digest for one in gone for blob in one.descriptors()} - kept:
            self._blob_path(digest).unlink(missing_ok=True)

    def _look(self, digests: Sequence[str]) -> list[Blob]:
        found = []
        for digest in digests:
            path = self._blob_path(digest)
            with contextlib.suppress(FileNotFoundError):
                facts = path.stat()
                found.append(Blob(digest, path, facts.st_size, facts.st_mtime_ns))
        return found

    def _record_path(self, ref: str) -> Path:
        name = hashlib.sha256(ref.encode("utf-8", "surrogateescape")).hexdigest()
        return self._root / "records" / name

    def _blob_path(self, digest: str) -> Path:
        """Digests are ours, or have been checked."""
        return self._root / "blobs" / digest.partition(":")[2]


async def _messages(path: Path) -> AsyncIterator[list[bytes]]:
    try:
        file = await asyncio.to_thread(open, path, "rb")
    except FileNotFoundError:
        return
    with file:
        while found := await asyncio.to_thread(_next_messages, file):
            yield found


def _next_messages(file: BinaryIO) -> list[bytes]:
    """Until they are enough for once; none at the end."""
    found, size = [], 0
    while size < _PIECE and (length := int.from_bytes(file.read(LENGTH), "little")):
        # What a crash has left of a file may be zeros: nobody has said nothing.
        found.append(file.read(length))
        size += len(found[-1])
    return found


def _size(record: HistoryRecord) -> int:
    return len(record.encode()) + sum(blob.size for blob in record.descriptors())


def _read(path: Path) -> HistoryRecord | None:
    try:
        return HistoryRecord.decode(path.read_bytes())
    except DecodeError:
        return None


def _put(path: Path, data: bytes) -> None:
    """Not waiting for the disk: what a crash cuts off is found when it is read again."""
    new = path.with_name(f"{path.name}.new")
    try:
        new.write_bytes(data)
        new.chmod(0o600)
        os.rename(new, path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
