"""What a container changed in its file system (Engine API, GET /containers/{id}/changes)."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from boxship.base.errors import Internal
from boxship.sandbox.workers.compare import Below
from boxship.sandbox.workers.lookup import text
from boxship.sandbox.workers.sink import Sink
from boxship.sandbox.workers.upper import Placeholders, is_opaque, is_whiteout
from boxship.sandbox.workers.walk import Node, walk

MODIFIED, ADDED, DELETED = 0, 1, 2
LONGEST_PATH = 4095  # bytes; PATH_MAX, beyond which dockerd refuses too
MOST_BYTES = 64 << 20
_SHOWN = 200  # bytes of a path that is too long, in the error
_ROW_BYTES = 64  # what a path costs besides its own bytes


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Compare the upper directory ``fds[0]`` with *root*, the merged view of the layers below it.

    ``args``: ``exclude``, the placeholders that the runtime made. Write the changes to ``fds[1]``
    as the JSON text of the API's answer, sorted by path. Raise :class:`Internal` before anything is
    written if a path, with its first slash, has more than LONGEST_PATH bytes or if all rows have
    more than MOST_BYTES.
    """
    assert root is not None
    found = _Changes()
    below, placeholders = Below(root), Placeholders(args.get("exclude", ()))
    for node in walk(fds[0]):
        for path, kind in _of(node, below, placeholders, found):
            found.add(path, kind)
    _write(found.kinds, Sink(fds[1]))
    return {}


def _write(kinds: dict[bytes, int], sink: Sink) -> None:
    before = b"["
    for path in sorted(kinds):
        row = {"Path": "/" + text(path), "Kind": kinds[path]}
        sink.write(before + json.dumps(row, separators=(",", ":")).encode())
        before = b","
    sink.write(b"]\n" if kinds else b"null\n")
    sink.flush()


class _Changes:
    """Kinds by path, with the directories above a change marked as modified."""

    def __init__(self) -> None:
        self.kinds: dict[bytes, int] = {}
        self.unseen: set[bytes] = set()  # new directories of the runtime, shown if used
        self.hidden = b"\0"  # the outermost opaque directory that the walk is in
        self._bytes = 0

    def add(self, path: bytes, kind: int) -> None:
        self._put(path, kind)
        parent = path.rpartition(b"/")[0]
        while parent and parent not in self.kinds:
            self._put(parent, ADDED if parent in self.unseen else MODIFIED)
            parent = parent.rpartition(b"/")[0]

    def _put(self, path: bytes, kind: int) -> None:
        if len(path) >= LONGEST_PATH:
            raise Internal(f"lstat /{text(path[:_SHOWN])}...: file name too long")
        if path not in self.kinds:
            self._bytes += len(path) + _ROW_BYTES
        if self._bytes > MOST_BYTES:
            raise Internal("the container has changed too many files to list them")
        self.kinds[path] = kind

    def is_hidden(self, node: Node) -> bool:
        """Whether nothing of the layers below shines through at *node*."""
        if node.path.startswith(self.hidden + b"/"):
            return True
        if not is_opaque(node):
            return False
        self.hidden = node.path
        return True


def _of(
    node: Node, below: Below, placeholders: Placeholders, found: _Changes
) -> Iterator[tuple[bytes, int]]:
    if is_whiteout(node.stat):
        if below.has(node.path):
            yield node.path, DELETED
        return
    differs = below.differs(node) if node.path else False
    if differs is None and placeholders.has(node):
        found.unseen.add(node.path)
    elif differs is None:
        yield node.path, ADDED
    elif differs:
        yield node.path, MODIFIED
    if node.is_dir and differs is not None and found.is_hidden(node):
        present = set(node.names)
        for name in below.names(node.path):
            if name not in present:
                yield (node.path + b"/" + name if node.path else name), DELETED
