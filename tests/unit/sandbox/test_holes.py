"""After the holes are filled, new objects of a size lie side by side."""

import os
import subprocess
import sys

import pytest

_SCRIPT = """
import gc, sys
junk = [bytes(size) for size in range(1, 480) for _ in range(200)]
del junk[::3]
gc.collect()
from boxship.sandbox import holes
kept = holes.fill()
fresh = [bytes(67) for _ in range(30)]
places = [id(each) for each in fresh]
print({after - before for before, after in zip(places, places[1:])})
print(sum(map(sys.getsizeof, kept)))
"""


def _run(**environment: str) -> tuple[str, int]:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    steps, size = done.stdout.splitlines()
    return steps, int(size)


def test_what_is_new_lies_side_by_side() -> None:
    steps, _ = _run()
    # bytes(67) takes 100 bytes of a pool of 112.
    assert steps == "{112}"


@pytest.mark.parametrize("allocator", ["pymalloc", "malloc"])
def test_it_takes_a_bounded_amount(allocator: str) -> None:
    _, size = _run(PYTHONMALLOC=allocator)
    assert size < 12_000_000
