"""A long stream is digested by a thread, which keeps the order of its pieces and ends."""

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from boxship.sandbox.workers.digest_beside import PIECE, Digest
from boxship.sandbox.workers.sink import CACHED, Sink
from support.waiting import eventually

LONG = 8


def _threads() -> set[str]:
    return {*os.listdir("/proc/self/task")}


@pytest.fixture
def begun() -> Iterator[Callable[[], int]]:
    """How many threads there are now that were not there before; at the end none is left."""
    before = _threads()
    yield lambda: len(_threads() - before)
    eventually(lambda: _threads() <= before)


def _pieces() -> list[bytes]:
    """All different, and of lengths from nothing to more than one that is handed over."""
    lengths = (PIECE, 1, PIECE + 1, 0, PIECE - 1, 2 * PIECE, 511, 65_537)
    return [os.urandom(1) * length for _ in range(LONG) for length in lengths]


def _fed(pieces: list[bytes]) -> Digest:
    digest = Digest()
    for piece in pieces:
        digest.update(piece)
    return digest


def test_pieces_are_digested_in_their_order(begun: Callable[[], int]) -> None:
    pieces = _pieces()
    digest = _fed(pieces)
    assert begun() == 1
    expected = hashlib.sha256(b"".join(pieces)).hexdigest()
    assert [digest.hexdigest(), digest.hexdigest()] == [expected, expected]


@pytest.mark.parametrize("pieces", [[], [b"x"], [b"x" * PIECE, b"y"]])
def test_a_short_stream_has_no_thread(begun: Callable[[], int], pieces: list[bytes]) -> None:
    digest = _fed(pieces)
    assert begun() == 0
    assert digest.hexdigest() == hashlib.sha256(b"".join(pieces)).hexdigest()


def test_who_gives_up_leaves_no_thread(begun: Callable[[], int]) -> None:
    digest = _fed([bytes(PIECE)] * LONG)
    assert begun() == 1
    digest.close()
    digest.close()


def test_what_the_thread_meets_with_is_told(begun: Callable[[], int]) -> None:
    digest = _fed([bytes(PIECE)] * LONG)
    for _ in range(LONG):
        digest.update(cast(Any, "no bytes"))
    digest.update(bytes(PIECE))
    for _ in range(2):
        with pytest.raises(TypeError):
            digest.hexdigest()


def test_a_sink_writes_and_digests_the_same_bytes(begun: Callable[[], int]) -> None:
    pieces = _pieces()
    file = os.memfd_create("archive")
    sink = Sink(file, hashed=True)
    for piece in pieces:
        sink.write(piece)
    sink.flush()
    assert begun() == 1
    expected = b"".join(pieces)
    assert sink.digest() == "sha256:" + hashlib.sha256(expected).hexdigest()
    assert sink.size == len(expected)
    assert os.pread(file, len(expected) + 1, 0) == expected
    os.close(file)


def test_a_large_file_is_the_same_where_nothing_passes_the_page_cache() -> None:
    memory = os.memfd_create("archive")
    sink = Sink(memory, hashed=True, large=True)
    pieces = [bytes((number,)) * PIECE for number in range(CACHED // PIECE + 3)]
    for piece in pieces:
        sink.write(piece)
    sink.flush()
    expected = b"".join(pieces)
    assert os.pread(memory, len(expected) + 1, 0) == expected
    assert sink.digest() == "sha256:" + hashlib.sha256(expected).hexdigest()
    os.close(memory)
