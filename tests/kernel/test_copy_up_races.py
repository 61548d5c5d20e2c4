"""A volume is filled from an image while a container that has it already does its worst."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.sandbox.workers import copy_up
from support.requirements import require_root

FILES = 400
ROUNDS = 5


@contextlib.contextmanager
def swapping(volume: Path, outside: Path) -> Iterator[None]:
    """Another process puts a link to *outside* in the place of each directory that appears."""
    child = os.fork()
    if child == 0:
        while True:
            with contextlib.suppress(OSError):
                os.rename(volume / "a", volume / "aside")
                os.symlink(outside, volume / "a")
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.parametrize("kind", ["files", "links"])
def test_nothing_is_written_elsewhere(tmp_path: Path, kind: str) -> None:
    require_root()
    image, outside = tmp_path / "image", tmp_path / "outside"
    (image / "data/a").mkdir(parents=True)
    outside.mkdir()
    for number in range(FILES):
        name = image / f"data/a/{number:03}"
        name.write_text("x") if kind == "files" else name.symlink_to("x")
    root = os.open(image, os.O_PATH | os.O_DIRECTORY)
    for each in range(ROUNDS):
        volume = tmp_path / f"volume{each}"
        volume.mkdir()
        target = os.open(volume, os.O_RDONLY | os.O_DIRECTORY)
        umask = os.umask(0)
        try:
            # It fails where it meets the link, or was too quick.
            with swapping(volume, outside), contextlib.suppress(OSError):
                copy_up.run(root, {"path": "/data"}, [target])
        finally:
            os.umask(umask)
            os.close(target)
    os.close(root)
    assert list(outside.iterdir()) == []
