"""Every blob store of the hub keeps bytes in the same way.

A new store joins by a row in ``STORES``; nothing here may depend on how one works.
"""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import InvalidParameter, NotFound
from boxship.hub.storage.blobs import BlobStore, Busy
from boxship.hub.storage.keys import new_key
from boxship.hub.storage.local import LocalBlobs

STORES: dict[str, Callable[[Path], BlobStore]] = {"local": LocalBlobs}


@pytest.fixture(params=STORES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], BlobStore]:
    """Opens the store; each call as another process would."""
    make = STORES[request.param]
    return lambda: make(tmp_path / "blobs")


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def _put(store: BlobStore, key: str, *chunks: bytes) -> None:
    writer = await store.append(key)
    await writer.write(chunks, None)
    await writer.sync()
    writer.close()


async def _get(store: BlobStore, key: str, start: int, count: int) -> bytes:
    reader = await store.open(key)
    try:
        return b"".join([chunk async for chunk in reader.chunks(start, count)])
    finally:
        reader.close()


def test_what_is_written_is_read(opened: Callable[[], BlobStore]) -> None:
    async def work() -> None:
        store, key = opened(), new_key()
        chunks = [bytes([number]) * 3000 for number in range(200)]
        content = b"".join(chunks)
        await _put(store, key, *chunks)
        assert await store.size(key) == len(content)
        assert await _get(opened(), key, 0, len(content)) == content
        assert await _get(opened(), key, 2999, 2) == content[2999:3001]

    run(work())


def test_a_writer_goes_on_where_the_last_one_was(opened: Callable[[], BlobStore]) -> None:
    async def work() -> None:
        store, key = opened(), new_key()
        await _put(store, key, b"abc")
        writer = await opened().append(key)
        assert writer.offset == 3
        await writer.write([b"def", b"", b"g"], None)
        assert writer.offset == 7
        await writer.truncate(4)
        assert writer.offset == 4
        await writer.write([b"X"], None)
        writer.close()
        assert await _get(store, key, 0, 5) == b"abcdX"

    run(work())


def test_one_writer_at_a_time(opened: Callable[[], BlobStore]) -> None:
    async def work() -> None:
        store, other, key = opened(), opened(), new_key()
        writer = await store.append(key)
        for each in (store, other):
            with pytest.raises(Busy):
                await each.append(key)
        writer.close()
        writer.close()
        (await other.append(key)).close()

    run(work())


def test_digests_see_what_is_stored(opened: Callable[[], BlobStore]) -> None:
    async def work() -> None:
        store, key = opened(), new_key()
        running = hashlib.sha256()
        writer = await store.append(key)
        await writer.write([b"abc" * 1000, b"def"], running)
        again = hashlib.sha256()
        await writer.hash(again)
        expected = hashlib.sha256(b"abc" * 1000 + b"def").hexdigest()
        assert running.hexdigest() == again.hexdigest() == expected
        writer.close()

    run(work())


def test_what_was_removed_is_gone_but_for_its_readers(opened: Callable[[], BlobStore]) -> None:
    async def work() -> None:
        store, key = opened(), new_key()
        await _put(store, key, b"abc")
        reader = await store.open(key)
        await store.remove(key)
        await store.remove(key)
        assert b"".join([chunk async for chunk in reader.chunks(0, 3)]) == b"abc"
        reader.close()
        assert await store.size(key) == 0
        with pytest.raises(NotFound):
            await store.open(key)

    run(work())


def test_a_blob_that_is_too_short_is_never_padded(opened: Callable[[], BlobStore]) -> None:
    async def work() -> None:
        store, key = opened(), new_key()
        await _put(store, key, b"abc")
        with pytest.raises(NotFound):
            await _get(store, key, 0, 4)

    run(work())


@pytest.mark.parametrize("key", ["", "..", "../../x", "A" * 32, "0" * 31, "0" * 32 + "\n"])
def test_keys_that_are_none(opened: Callable[[], BlobStore], key: str) -> None:
    async def work() -> None:
        store = opened()
        for call in (store.append, store.open, store.size, store.remove):
            with pytest.raises(InvalidParameter):
                await call(key)

    run(work())


def test_a_cancelled_write_keeps_the_lock_until_it_is_done(
    opened: Callable[[], BlobStore],
) -> None:
    async def work() -> None:
        store, key = opened(), new_key()
        writer = await store.append(key)
        task = asyncio.create_task(writer.write([bytes(1 << 20)] * 32, None))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        writer.close()
        while True:
            try:
                other = await store.append(key)
                break
            except Busy:
                await asyncio.sleep(0.01)
        assert other.offset in (0, 32 << 20)
        other.close()

    run(work())
