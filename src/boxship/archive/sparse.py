"""Sparse members: GNU's old format and its PAX formats 0.0, 0.1 and 1.0 (GNU tar manual, D.2).

All of them store a file's runs of data back to back and say elsewhere where each belongs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from boxship.archive.entry import Entry, Extent
from boxship.archive.errors import TarError
from boxship.archive.headers import BLOCK
from boxship.archive.numbers import decimal, number

Run = tuple[int, int]  # (offset in the file, length)
Records = list[tuple[bytes, bytes]]
MAX_RUNS = 1 << 18
_ZEROS = bytes(64 * 1024)


def old_gnu(block: bytes, next_block: Callable[[], bytes]) -> tuple[list[Run], int]:
    """Runs and logical size from an ``S`` header and the extension blocks that follow it."""
    size = number(block[483:495])
    runs = _runs_in(block, 386, 4)
    extended = block[482]
    while extended:
        block = next_block()
        runs += _runs_in(block, 0, 21)
        extended = block[504]
        _limit(runs)
    return runs, size


def _runs_in(block: bytes, start: int, count: int) -> list[Run]:
    runs = []
    for at in range(start, start + 24 * count, 24):
        if not block[at]:
            break
        runs.append((number(block[at : at + 12]), number(block[at + 12 : at + 24])))
    return runs


def pax_size(records: Records) -> int | None:
    """The logical size when the records describe a sparse member, else None."""
    size = None
    for key, value in records:
        if key in (b"GNU.sparse.realsize", b"GNU.sparse.size"):
            size = decimal(value, "sparse size")
    return size


def pax_runs(records: Records) -> list[Run] | None:
    """Runs of formats 0.0 and 0.1; None when the map precedes the data (1.0)."""
    values = dict(records)
    if (values.get(b"GNU.sparse.major"), values.get(b"GNU.sparse.minor")) == (b"1", b"0"):
        return None
    packed = values.get(b"GNU.sparse.map")
    if packed is not None:
        numbers = packed.split(b",") if packed else []
    else:
        numbers = [v for k, v in records if k in (b"GNU.sparse.offset", b"GNU.sparse.numbytes")]
    if len(numbers) % 2:
        raise TarError("invalid tar header: malformed sparse map")
    runs = _pairs([decimal(n, "sparse map") for n in numbers])
    _limit(runs)
    return runs


def data_runs(next_block: Callable[[], bytes]) -> tuple[list[Run], int]:
    """Runs of format 1.0, read from the member's data, and how many bytes the map occupied."""
    lines: list[bytes] = []
    rest, used, wanted = b"", 0, 1
    while len(lines) < wanted:
        if len(rest) > BLOCK:
            raise TarError("invalid tar header: malformed sparse map")
        *more, rest = (rest + next_block()).split(b"\n")
        used += BLOCK
        lines += more
        if lines and wanted == 1:
            count = decimal(lines[0], "sparse map")
            if count > MAX_RUNS:
                raise TarError(f"sparse member with more than {MAX_RUNS} runs of data")
            wanted = 1 + 2 * count
    return _pairs([decimal(line, "sparse map") for line in lines[1:wanted]]), used


def _pairs(numbers: Sequence[int]) -> list[Run]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _limit(runs: list[Run]) -> None:
    if len(runs) > MAX_RUNS:
        raise TarError(f"sparse member with more than {MAX_RUNS} runs of data")


def extents(runs: Iterable[Run], size: int, start: int, stored: int) -> tuple[Extent, ...]:
    """Place *runs* on the stream, where *stored* bytes of data begin at *start*.

    Runs must ascend without overlap, lie inside the *size* of the file and fill *stored* exactly.
    """
    placed: list[Extent] = []
    at, end = start, 0
    for offset, length in runs:
        if offset < end or length < 0 or offset + length > size:
            raise TarError("invalid tar header: inconsistent sparse map")
        if length:
            placed.append((offset, at, length))
        at, end = at + length, offset + length
    if at - start != stored:
        raise TarError("invalid tar header: sparse map and stored size differ")
    if not placed and size:
        placed.append((size, at, 0))
    return tuple(placed)


def widen(extents: Sequence[Extent], size: int) -> list[Run]:
    """Runs that cover *extents* and begin and end on blocks.

    GNU tar can read no others, except that the last may end with the file.
    """
    runs: list[Run] = []
    for offset, _, length in extents:
        start, end = (
            offset - offset % BLOCK,
            min(offset + length + -(offset + length) % BLOCK, size),
        )
        if runs and start <= sum(runs[-1]):
            start = runs.pop()[0]
        runs.append((start, end - start))
    return runs


def expand(entry: Entry, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The logical content of *entry*, holes as zeros, from the data runs in *chunks*."""
    return fill([(0, entry.size)], entry.extents, chunks)


def fill(
    runs: Iterable[Run], extents: Sequence[Extent], chunks: Iterable[bytes]
) -> Iterator[bytes]:
    """The content of *runs*, each of which holds whole *extents*, from the data in *chunks*."""
    feed = _Feed(chunks)
    todo = iter(extents)
    extent = next(todo, None)
    for at, length in runs:
        end = at + length
        while extent is not None and extent[0] < end:
            yield from _zeros(extent[0] - at)
            yield from feed.take(extent[2])
            at = extent[0] + extent[2]
            extent = next(todo, None)
        yield from _zeros(end - at)
    yield from feed.rest()


class _Feed:
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._have = b""

    def take(self, count: int) -> Iterator[bytes]:
        while count:
            self._have = self._have or next(self._chunks, b"")
            if not self._have:
                raise TarError("unexpected EOF in sparse data")
            piece = self._have[:count]
            self._have = self._have[count:]
            count -= len(piece)
            yield piece

    def rest(self) -> Iterator[bytes]:
        yield self._have
        yield from self._chunks


def _zeros(count: int) -> Iterator[bytes]:
    while count > 0:
        yield _ZEROS[:count]
        count -= len(_ZEROS)
