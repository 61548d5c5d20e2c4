"""Archives between files, standard streams and the daemon."""

from __future__ import annotations

import os
import stat

from boxship.cli.errors import Failed
from boxship.cli.pump import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Few system calls and few chunks of HTTP for archives of gigabytes.
CHUNK = 1 << 20


class Input:
    """A context with the chunks of the file *path*, or of standard input for "" and "-".

    With a *title*, a terminal shows how much has been read.
    """

    def __init__(self, path: str, title: str = "") -> None:
        self._path = path
        self._title = title
        self._descriptor = -1

    def __enter__(self) -> Iterable[bytes]:
        if self._path in ("", "-"):
            return self._watched(0)
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise Failed(f"open {self._path}: {(error.strerror or '').lower()}") from error
        return self._watched(self._descriptor)

    def _watched(self, descriptor: int) -> Iterable[bytes]:
        chunks = read_chunks(descriptor)
        if not self._title:
            return chunks
        from boxship.cli.transfer import watched

        return watched(chunks, self._title, _size_of(descriptor))

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


def _size_of(descriptor: int) -> int:
    """Return the size of a regular file, 0 for a pipe or a device."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def read_chunks(descriptor: int) -> Iterator[bytes]:
    while data := os.read(descriptor, CHUNK):
        yield data


def check_output(path: str, what: str) -> None:
    """Before anything is asked of the daemon: *path* is in a directory, or :class:`Failed`, which
    names *what* could not be done."""
    directory = os.path.dirname(path) or "."
    if path and not os.path.isdir(directory):
        reason = f'invalid output path: directory "{directory}" does not exist'
        raise Failed(f"failed to {what}: {reason}")


def write_output(path: str, chunks: Iterable[bytes]) -> None:
    """Write *chunks* to standard output for "", or to the file *path*, which appears or is replaced
    only when all is there."""
    if not path:
        for chunk in chunks:
            write_all(1, chunk)
        return
    if _is_special(path):
        with open(path, "wb", buffering=0) as file:
            for chunk in chunks:
                write_all(file.fileno(), chunk)
        return
    directory = os.path.dirname(path) or "."
    _replace(path, directory, chunks)


def _is_special(path: str) -> bool:
    """Devices and pipes are written to in place."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def _replace(path: str, directory: str, chunks: Iterable[bytes]) -> None:
    import tempfile

    descriptor, temporary = tempfile.mkstemp(prefix=".boxship-", dir=directory)
    try:
        for chunk in chunks:
            write_all(descriptor, chunk)
        os.chmod(temporary, 0o600)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    finally:
        os.close(descriptor)


def refuse_terminal(path: str, is_terminal: bool) -> None:
    """An archive on a terminal is nobody's wish."""
    if not path and is_terminal:
        raise Failed("cowardly refusing to save to a terminal. Use the -o flag or redirect")
