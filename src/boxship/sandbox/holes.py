"""Filling the holes that imports leave in memory, before the first fork.

A forked process that allocates gets what was freed before, here and there, and copies a page for
each piece. Where nothing is free it gets new pages, one after the other.
"""

from collections.abc import Callable, Iterator

# Pools of objects of one size (CPython, Objects/obmalloc.c), and the header of each.
_POOL, _HEADER = 1 << 14, 48
_SIZES = range(16, 513, 16)
_HEAP_SIZES = (32768, 16384, 8192, 4096, 2048, 1536, 1024, 896, 768, 640, 544)
# What a bytes object has besides its content.
_AROUND = 33
_IN_A_ROW = 4
# Bytes of one size: an allocator of another kind never looks filled.
_MOST = 1 << 18


def fill() -> list[object]:
    """What fills them, to be kept for good."""
    return [*_fill_heap(), *(each for size in _SIZES for each in _fill(size))]


def _fill_heap() -> Iterator[object]:
    """Larger objects, until they come from the heap's end: what is free before it is smaller."""
    for size in _HEAP_SIZES:
        end = 0
        for _ in range(_MOST // size):
            made = bytes(size)
            yield made
            if end and id(made) > end:
                break
            end = max(end, id(made))


def _fill(size: int) -> Iterator[object]:
    """Objects of *size* bytes, until some lie side by side from a pool's beginning."""
    make = _maker(size)
    last = row = 0
    for _ in range(_MOST // size):
        made = make()
        yield made
        place = id(made)
        if place % _POOL == _HEADER:
            row = 1
        elif row:
            row = row + 1 if place == last + size else 0
        if row == _IN_A_ROW:
            return
        last = place


def _maker(size: int) -> Callable[[], object]:
    if size < _AROUND:
        return object if size == 16 else lambda: int("1" + "0" * 15)
    text = bytes(size)
    return lambda: text[_AROUND:]
