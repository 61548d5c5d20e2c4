"""A file that is read while a thread writes it; and what compression makes of one."""

import asyncio
import gzip
import hashlib
import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxship.base.digests import sha256
from boxship.base.errors import InvalidParameter
from boxship.images.compress import GZIP, PLAIN, ZSTD, Compression, compress
from boxship.images.growing import GrowingFile, Stopped, Tell
from boxship.sandbox.workers.inflate import inflate


async def read(file: GrowingFile[int]) -> bytes:
    return b"".join([piece async for piece in file.pieces()])


@given(st.lists(st.binary(max_size=3000), max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_readers_get_all_of_it_however_it_comes(tmp_path: Path, chunks: list[bytes]) -> None:
    path = tmp_path / hashlib.sha256(repr(chunks).encode()).hexdigest()

    def write(tell: Tell) -> int:
        size = 0
        with open(path, "wb", buffering=0) as file:
            for chunk in chunks:
                size += file.write(chunk)
                tell(size, size)
        return size

    async def run() -> None:
        told: list[int] = []
        file = GrowingFile[int](path, write, told.append)
        first, second = await asyncio.gather(read(file), read(file))
        assert first == second == b"".join(chunks)
        assert await file.result() == len(first)
        await file.close()
        assert told == sorted(told)

    asyncio.run(run())


def test_readers_are_told_what_went_wrong(tmp_path: Path) -> None:
    def write(tell: Tell) -> int:
        (tmp_path / "x").write_bytes(b"some")
        tell(4, 4)
        raise OSError(28, "No space left on device")

    async def run() -> None:
        file = GrowingFile[int](tmp_path / "x", write, lambda read: None)
        with pytest.raises(OSError, match="No space"):
            await read(file)
        with pytest.raises(OSError, match="No space"):
            await file.result()
        await file.close()

    asyncio.run(run())


def test_a_writer_that_nobody_wants_stops(tmp_path: Path) -> None:
    stopped = threading.Event()

    def write(tell: Tell) -> int:
        (tmp_path / "x").write_bytes(b"")
        try:
            while True:
                tell(0, 0)
        except Stopped:
            stopped.set()
            raise

    async def run() -> None:
        file = GrowingFile[int](tmp_path / "x", write, lambda read: None)
        await file.close()
        assert stopped.is_set()

    asyncio.run(run())


@given(st.binary(max_size=100_000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_an_archive_always_gives_the_same_blob(tmp_path: Path, data: bytes) -> None:
    source, target = tmp_path / "tar", tmp_path / "gz"
    source.write_bytes(data)
    found = set()
    for _ in range(2):
        target.unlink(missing_ok=True)
        found.add(compress(source, target, lambda read, written: None))
    ((digest, size),) = found
    packed = target.read_bytes()
    assert gzip.decompress(packed) == data
    assert (digest, size) == (f"sha256:{hashlib.sha256(packed).hexdigest()}", len(packed))


@pytest.mark.parametrize(
    "how",
    [Compression(ZSTD, level) for level in (None, -(10**15), 0, 22, 10**15)]
    + [Compression(GZIP, level) for level in (None, -2, -1, 0, 9)],
)
def test_every_level_is_read_again_and_gives_the_same_bytes(
    how: Compression, tmp_path: Path
) -> None:
    data = bytes(range(256)) * 800 + os.urandom(10_000)
    source = tmp_path / "source"
    source.write_bytes(data)
    found = {compress(source, tmp_path / f"{n}", lambda read, written: None, how) for n in (1, 2)}
    ((digest, size),) = found
    packed = (tmp_path / "1").read_bytes()
    assert sha256(packed) == digest and len(packed) == size
    assert b"".join(inflate(iter([packed]))) == data


def test_levels_mean_what_they_mean_to_buildkit(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"every word is repeated: " * 4000)

    def size(kind: str, level: int | None) -> int:
        (tmp_path / "packed").unlink(missing_ok=True)
        how = Compression(kind, level)
        return compress(source, tmp_path / "packed", lambda read, written: None, how)[1]

    assert size(GZIP, -1) == size(GZIP, 6) < size(GZIP, -2) < size(GZIP, 0)
    assert size(ZSTD, -7) == size(ZSTD, 0) == size(ZSTD, 1)
    assert size(ZSTD, 99) == size(ZSTD, 22)


@pytest.mark.parametrize("level", [10, -3, 10**15])
def test_levels_that_there_are_not(level: int) -> None:
    with pytest.raises(InvalidParameter, match=f"gzip: invalid compression level: {level}"):
        Compression(GZIP, level)
    Compression(PLAIN, level)
