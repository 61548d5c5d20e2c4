"""Takes an image archive apart while it streams by: documents are kept, layers stored at once.

Which member is what only the manifest tells, and it comes last in most archives. So everything
that looks like an archive is stored as a layer under a name of its own; the daemon adopts those
that an image turns out to have, and the rest disappears with the staging directory.
"""

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from boxship.archive.entry import Entry, Kind
from boxship.archive.reader import TarReader
from boxship.base.errors import InvalidParameter
from boxship.sandbox.workers import inflate, layer_sink
from boxship.sandbox.workers.layer_sink import Budget, ChunkReader, StoredLayer

_MAX_MEMBERS = 20_000
_MAX_DOCUMENT = 8 << 20
_MAX_DOCUMENTS = 128 << 20
_TAR_BLOCK = 512
_CHECKSUM = slice(148, 156)
_HEX = re.compile(r"(?:\A|/)([0-9a-f]{64})(?:\.tar|/layer\.tar)?\Z")
_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})\Z")
_IMPORTANT = re.compile(r"(?:\A|/)(?:json|VERSION|[^/]*\.json|oci-layout|repositories)\Z")


@dataclass
class Members:
    """What an archive holds, by clean path. ``known``: hex digests of layers that need not be in
    it, since the daemon has them."""

    known: frozenset[str] = frozenset()
    documents: dict[str, bytes] = field(default_factory=dict)
    layers: dict[str, StoredLayer] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def resolve(self, path: str) -> str:
        """*path* after the archive's own links; what climbs above its root resolves to nothing."""
        path = posixpath.normpath(path)
        for _ in range(8):
            target = self.links.get(path)
            if target is None:
                return path
            path = target
        return ""

    def document(self, path: str) -> bytes | None:
        return self.documents.get(self.resolve(path))

    def layer(self, path: str) -> StoredLayer | None:
        found = self.layers.get(self.resolve(path))
        blob = _BLOB.match(path)
        if found is None and blob and blob[1] in self.known:
            return StoredLayer(blob[1], None)
        return found


def read(chunks: Iterable[bytes], known: frozenset[str], budget: Budget) -> Members:
    """Read the archive *chunks* (compressed or not) and store its layers below the working
    directory as ``layer-0``, ``layer-1`` and so on.

    *known* are the hex digests of layers that the daemon has: a member whose name claims to be one
    is passed over. That is safe, as the image's configuration says which layers it needs.
    """
    members = Members(known)
    source = ChunkReader(inflate.inflate(chunks))
    reader = TarReader(source.read)
    kept = 0
    for number, entry in enumerate(reader):
        if number >= _MAX_MEMBERS:
            raise InvalidParameter(f"the archive has more than {_MAX_MEMBERS} members")
        path = entry.path.decode("utf-8", "surrogateescape")
        if entry.kind in (Kind.SYMLINK, Kind.HARDLINK):
            members.links[path] = _target(path, entry)
        elif entry.kind is Kind.FILE and path not in members.layers:
            kept += _member(members, path, entry, reader.body(), known, budget)
            if kept > _MAX_DOCUMENTS:
                raise InvalidParameter("the archive's documents are too large")
    while source.read(inflate.PIECE):
        pass  # to the end, where compressed streams have their checksum
    return members


def _target(path: str, entry: Entry) -> str:
    target = entry.link.decode("utf-8", "surrogateescape")
    if entry.kind is Kind.SYMLINK:
        target = posixpath.join(posixpath.dirname(path), target)
    return posixpath.normpath(target)


def _member(
    members: Members,
    path: str,
    entry: Entry,
    body: Iterator[bytes],
    known: frozenset[str],
    budget: Budget,
) -> int:
    """Deal with one file; returns how many bytes of it stay in memory."""
    name = _HEX.search(path)
    if name and name[1] in known:
        members.layers[path] = StoredLayer(name[1], None)
        return 0
    start, rest = inflate.peek(body, _TAR_BLOCK)
    chunks = _chain(start, rest)
    important = _IMPORTANT.search(path) is not None
    if not important and is_layer(path, start):
        blob = _BLOB.match(path)
        where = f"layer-{len(members.layers)}"
        members.layers[path] = _store(chunks, where, blob and blob[1], budget)
        return 0
    if entry.size > _MAX_DOCUMENT:
        if important:
            raise InvalidParameter(f"{path} is too large: {entry.size} bytes")
        return 0
    members.documents[path] = data = b"".join(chunks)
    return len(data)


def is_layer(path: str, start: bytes) -> bool:
    """Whether a member that begins with *start* is an archive, compressed or not."""
    if inflate.compression(start):
        return True
    if len(start) < _TAR_BLOCK:
        return not start and path.endswith("layer.tar")
    block = start[:_TAR_BLOCK]
    if not any(block):
        return True
    try:
        stated = int(block[_CHECKSUM].strip(b" \0") or b"x", 8)
    except ValueError:
        return False
    return stated == sum(block) - sum(block[_CHECKSUM]) + 8 * ord(" ")


def _chain(start: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if start:
        yield start
    yield from rest


def _store(chunks: Iterator[bytes], where: str, digest: str | None, budget: Budget) -> StoredLayer:
    """Store a layer whose member is called *digest*, if it is a blob, and hold it to that name."""
    start, rest = inflate.peek(chunks, inflate.SNIFF)
    chunks = _chain(start, rest)
    if digest is None:
        return layer_sink.store(inflate.inflate(chunks), where, budget)
    if not inflate.compression(start):
        layer = layer_sink.store(chunks, where, budget)
        _require(layer.diff_id, digest)
        return layer
    blob = hashlib.sha256()
    layer = layer_sink.store(inflate.inflate(_hashed(chunks, blob.update)), where, budget)
    _require(blob.hexdigest(), digest)
    return layer


def _hashed(chunks: Iterator[bytes], update: Callable[[bytes], object]) -> Iterator[bytes]:
    for chunk in chunks:
        update(chunk)
        yield chunk


def _require(found: str, digest: str) -> None:
    if found != digest:
        raise InvalidParameter(f"blob sha256:{digest} has the content of sha256:{found}")
