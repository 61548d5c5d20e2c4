"""Pages that a process gets before it needs them."""

import ctypes
import mmap
import os
import resource
from collections.abc import Callable

import pytest

from boxship.kernel import libc
from boxship.sandbox.warming import Lesson

_PAGE = resource.getpagesize()
_PAGES = 300


@pytest.fixture
def memory() -> bytearray:
    return bytearray(b"x") * (_PAGES * _PAGE)


def in_child(work: Callable[[], int]) -> int:
    """What *work* returns in a forked process."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(write, str(work()).encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with os.fdopen(read) as result:
        return int(result.read())


def touch(memory: bytearray | memoryview) -> int:
    """Write to each page; how many had to be copied for that."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for offset in range(0, len(memory), _PAGE):
        memory[offset] = 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def teach(lesson: Lesson, memory: bytearray) -> int:
    learner = lesson.begin()
    touched = touch(memory)
    learner.finish()
    return touched


def test_later_processes_have_what_the_first_one_needed(memory: bytearray) -> None:
    lesson = Lesson()
    assert in_child(lambda: teach(lesson, memory)) >= _PAGES

    def later() -> int:
        lesson.apply()
        return touch(memory)

    assert in_child(lambda: touch(memory)) >= _PAGES
    assert in_child(later) < _PAGES / 10


def test_the_first_lesson_stays(memory: bytearray) -> None:
    lesson = Lesson()
    in_child(lambda: teach(lesson, memory))

    def again() -> int:
        learner = lesson.begin()
        learner.finish()
        lesson.apply()
        return touch(memory)

    assert in_child(again) < _PAGES / 10


def test_without_a_lesson_nothing_is_done(memory: bytearray) -> None:
    def untaught() -> int:
        Lesson().apply()
        return touch(memory)

    assert in_child(untaught) >= _PAGES


def test_what_is_mapped_no_more_keeps_nothing_else_from_being_had() -> None:
    lesson = Lesson()
    # Two pages that stay, one that goes, and many that stay; others between them.
    mapped = mmap.mmap(-1, (_PAGES + 6) * _PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    mapped.write(b"x" * len(mapped))
    view = memoryview(mapped)
    first, gone, memory = view[: 2 * _PAGE], view[3 * _PAGE : 4 * _PAGE], view[6 * _PAGE :]
    address = ctypes.addressof(ctypes.c_char.from_buffer(gone))

    def both() -> int:
        learner = lesson.begin()
        touched = touch(first) + touch(gone) + touch(memory)
        learner.finish()
        return touched

    def later() -> int:
        libc.call("munmap", ctypes.c_size_t(address), ctypes.c_size_t(_PAGE))
        lesson.apply()
        return touch(memory)

    assert in_child(both) >= _PAGES
    assert in_child(later) < _PAGES / 10
