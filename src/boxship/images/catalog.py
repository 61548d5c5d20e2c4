"""The database's side of images: every select and every change to the tables is here.

Selects return committed state. Changes are functions of a connection, for
:meth:`boxship.state.database.Database.write`: each is one transaction.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from functools import partial
from typing import Any, TypeVar

from boxship.base.errors import NotFound
from boxship.base.futures import uninterrupted
from boxship.base.times import now_ns
from boxship.images.record import ImageRecord, diff_ids_of, parse_config
from boxship.images.reference import Reference
from boxship.state.database import Database, Write

T = TypeVar("T")
_MOST_KEPT = 100
_HIDDEN = "(SELECT image_id FROM image_steps WHERE NOT shown)"


@dataclass(frozen=True, slots=True)
class LayerRow:
    """``size``: bytes of file content; ``stored``: bytes of the archive; the rest: see schema."""

    diff_id: str
    size: int
    stored: int
    index_digest: str
    opaque: bool
    boot: str


def reference_of(repository: str, tag: str | None, digest: str | None) -> Reference:
    domain, _, path = repository.partition("/")
    return Reference(domain, path, tag, digest)


class Catalog:
    """Reads. Cheap enough (tens of microseconds) for the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changes = 0
        self._kept: dict[Any, Any] = {}
        self._kept_at = 0
        self._leaving: set[str] = set()

    @contextmanager
    def leaving(self, image_ids: Collection[str]) -> Iterator[None]:
        """Nobody is to find images that are about to be removed, for as long as that takes: a
        build would take them up. The caller has the store's lock."""
        self._leaving.update(image_ids)
        try:
            yield
        finally:
            self._leaving.difference_update(image_ids)

    async def write(self, change: "Write[None]") -> None:
        written = self._database.submit(change)
        written.add_done_callback(self._forget)
        await uninterrupted(asyncio.wrap_future(written))

    async def tag(self, reference: Reference, image_ids: list[str]) -> None:
        """Set a tag. Do not wait for the write if only the time of the tag changes."""
        change = partial(set_tag, reference=reference, image_ids=image_ids)
        if self.tagged(reference) == image_ids:
            self._database.later(change).add_done_callback(self._forget)
        else:
            await self.write(change)

    def _forget(self, written: "Future[None]") -> None:
        """On the writer's thread, once the change is committed."""
        self._changes += 1

    def _recall(self, find: Callable[..., T], *wanted: Any) -> T:
        """What *find* finds, kept until an image changes; the caller must not change it.

        What was read before a change goes with its number, even if it is kept after it.
        """
        number = self._changes
        if number != self._kept_at or len(self._kept) >= _MOST_KEPT:
            self._kept, self._kept_at = {}, number
        kept = self._kept
        if (find, wanted) not in kept:
            kept[find, wanted] = find(*wanted)
        return kept[find, wanted]  # type: ignore[no-any-return]

    def ids(self) -> list[str]:
        """Of all that there are; steps are among them that only builds see."""
        return [row[0] for row in self._database.read("SELECT id FROM image_images")]

    def count(self) -> int:
        """How many are shown."""
        sql = f"SELECT COUNT(*) FROM image_images WHERE id NOT IN {_HIDDEN}"
        return int(self._database.read(sql)[0][0])

    def get(self, image_id: str) -> ImageRecord:
        """:class:`NotFound` when there is no such image."""
        found = self.records([image_id])
        if not found:
            raise NotFound(f"No such image: {image_id}")
        return found[0]

    def records(self, image_ids: Iterable[str] | None = None) -> list[ImageRecord]:
        """The images *image_ids* that exist, or all that are shown, in order of their IDs."""
        if image_ids is None:
            found = self._records(f"NOT IN {_HIDDEN}", ())
        else:
            wanted = tuple(image_ids)
            found = self._recall(self._records, f"IN ({','.join('?' * len(wanted))})", wanted)
        return [one for one in found if one.id not in self._leaving]

    def _records(self, where: str, wanted: tuple[str, ...]) -> list[ImageRecord]:
        def rows(sql: str, column: str, order: str) -> list[Any]:
            return self._database.read(f"{sql} WHERE {column} {where} ORDER BY {order}", *wanted)

        layers: dict[str, list[tuple[str, int]]] = {}
        for image_id, diff_id, size in rows(
            "SELECT image_id, diff_id, size FROM image_stacks JOIN image_layers USING (diff_id)",
            "image_id",
            "image_id, position",
        ):
            layers.setdefault(image_id, []).append((diff_id, size))
        references: dict[str, list[Reference]] = {}
        for column in ("tag", "digest"):
            sql = f"SELECT image_id, repository, {column} FROM image_{column}s"
            for image_id, repository, value in rows(sql, "image_id", f"repository, {column}"):
                pair = (value, None) if column == "tag" else (None, value)
                references.setdefault(image_id, []).append(reference_of(repository, *pair))
        return [
            ImageRecord(
                image_id,
                raw,
                parent,
                tagged,
                sum(size for _, size in layers.get(image_id, ())),
                tuple(diff_id for diff_id, _ in layers.get(image_id, ())),
                tuple(references.get(image_id, ())),
            )
            for image_id, raw, parent, tagged in rows(
                "SELECT id, config, parent, last_tagged FROM image_images", "id", "id"
            )
        ]

    def with_prefix(self, digits: str) -> list[str]:
        """IDs that begin with *digits*; no more than two, which is enough to know."""
        low, high = f"sha256:{digits}", f"sha256:{digits}g"
        rows = self._database.read(
            "SELECT id FROM image_images WHERE id >= ? AND id < ? AND NOT EXISTS "
            "(SELECT 1 FROM image_steps WHERE image_id = id AND NOT shown) LIMIT 2",
            low,
            high,
        )
        return [row[0] for row in rows]

    def tagged(self, reference: Reference) -> list[str]:
        """Image IDs behind a tag or digest, the preferred one first."""
        return [*self._recall(self._tagged, reference)]

    def _tagged(self, reference: Reference) -> list[str]:
        if reference.digest:
            rows = self._database.read(
                "SELECT image_id FROM image_digests WHERE repository = ? AND digest = ?",
                reference.repository,
                reference.digest,
            )
        else:
            rows = self._database.read(
                "SELECT image_id FROM image_tags WHERE repository = ? AND tag = ? "
                "ORDER BY preferred DESC, image_id",
                reference.repository,
                reference.tag,
            )
        return [row[0] for row in rows]

    def repository(self, reference: Reference) -> list[tuple[str, str]]:
        """(tag, preferred image) of every tag that the reference's repository has."""
        sql = "SELECT tag, image_id FROM image_tags WHERE repository = ? AND preferred = 1"
        return [(row[0], row[1]) for row in self._database.read(sql, reference.repository)]

    def variants(self) -> dict[str, list[str]]:
        """For each preferred image of a tag the images of other platforms under that tag."""
        rows = self._database.read(
            "SELECT DISTINCT main.image_id, other.image_id FROM image_tags AS main "
            "JOIN image_tags AS other USING (repository, tag) "
            "WHERE main.preferred = 1 AND other.preferred = 0 ORDER BY 1, 2"
        )
        found: dict[str, list[str]] = {}
        for main, other in rows:
            found.setdefault(main, []).append(other)
        return found

    def hidden(self) -> set[str]:
        """Images that are only ever another platform's variant of a tag."""
        rows = self._database.read(
            "SELECT image_id FROM image_tags GROUP BY image_id HAVING MAX(preferred) = 0"
        )
        return {row[0] for row in rows}

    def children(self, image_id: str) -> list[str]:
        """The images that have it as their parent; of ``""`` those that have none."""
        rows = self._database.read(
            "SELECT id FROM image_images "
            "WHERE parent = ? AND id NOT IN (SELECT image_id FROM image_steps)",
            image_id,
        )
        return [row[0] for row in rows]

    def parents(self) -> set[str]:
        """IDs that some image has as its parent."""
        rows = self._database.read("SELECT DISTINCT parent FROM image_images WHERE parent != ''")
        return {row[0] for row in rows}

    def layers(self) -> dict[str, LayerRow]:
        rows = self._database.read(f"SELECT {_LAYER_COLUMNS} FROM image_layers")
        return {row[0]: _layer_row(row) for row in rows}

    def layer(self, diff_id: str) -> LayerRow:
        """:class:`NotFound` when there is no such layer."""
        sql = f"SELECT {_LAYER_COLUMNS} FROM image_layers WHERE diff_id = ?"
        for row in self._database.read(sql, diff_id):
            return _layer_row(row)
        raise NotFound(f"No such layer: {diff_id}")

    def present(self, diff_ids: Iterable[str]) -> set[str]:
        """Those of *diff_ids* that there are."""
        wanted = tuple(diff_ids)
        marks = ",".join("?" * len(wanted))
        rows = self._database.read(
            f"SELECT diff_id FROM image_layers WHERE diff_id IN ({marks})", *wanted
        )
        return {row[0] for row in rows}

    def orphans(self) -> set[str]:
        """Layers that no image has."""
        rows = self._database.read(
            "SELECT diff_id FROM image_layers WHERE diff_id NOT IN "
            "(SELECT diff_id FROM image_stacks)"
        )
        return {row[0] for row in rows}

    def stack(self, image_id: str) -> list[LayerRow]:
        """The layers of an image, bottom first, even if containers are all that is left of it.

        :class:`NotFound` when nothing is known of it.
        """
        return [*self._recall(self._stack, image_id)]

    def _stack(self, image_id: str) -> list[LayerRow]:
        rows = self._database.read(
            f"SELECT {_LAYER_COLUMNS} FROM image_stacks JOIN image_layers USING (diff_id) "
            "WHERE image_id = ? ORDER BY position",
            image_id,
        )
        if not rows:
            self.get(image_id)
        return [_layer_row(row) for row in rows]

    def ghosts(self) -> dict[str, list[str]]:
        """Stacks whose image is gone: diff IDs by image ID."""
        rows = self._database.read(
            "SELECT image_id, diff_id FROM image_stacks "
            "WHERE image_id NOT IN (SELECT id FROM image_images)"
        )
        found: dict[str, list[str]] = {}
        for image_id, diff_id in rows:
            found.setdefault(image_id, []).append(diff_id)
        return found

    def images_with(self, diff_ids: Iterable[str]) -> list[str]:
        """Images that have one of the layers."""
        wanted = tuple(diff_ids)
        marks = ",".join("?" * len(wanted))
        rows = self._database.read(
            f"SELECT DISTINCT image_id FROM image_stacks WHERE diff_id IN ({marks})", *wanted
        )
        return [row[0] for row in rows]

    def users(self, diff_id: str) -> int:
        """How many images that are shown have the layer."""
        rows = self._database.read(
            "SELECT COUNT(DISTINCT image_id) FROM image_stacks AS stack WHERE diff_id = ? AND NOT "
            "EXISTS (SELECT 1 FROM image_steps WHERE image_id = stack.image_id AND NOT shown)",
            diff_id,
        )
        return int(rows[0][0])

    def uses(self) -> dict[str, int]:
        """How many images that are shown have each layer."""
        rows = self._database.read(
            "SELECT diff_id, COUNT(DISTINCT image_id) FROM image_stacks WHERE image_id IN "
            f"(SELECT id FROM image_images) AND image_id NOT IN {_HIDDEN} GROUP BY diff_id"
        )
        return dict(rows)


_LAYER_COLUMNS = "diff_id, size, stored, index_digest, opaque, boot"


def _layer_row(row: Sequence[Any]) -> LayerRow:
    return LayerRow(row[0], row[1], row[2], row[3], bool(row[4]), row[5])


Change = sqlite3.Connection


def add_layers(connection: Change, layers: Iterable[LayerRow]) -> None:
    sql = f"INSERT OR IGNORE INTO image_layers ({_LAYER_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
    connection.executemany(sql, [astuple(row) for row in layers])


def add_image(
    connection: Change, image_id: str, raw: bytes, parent: str = "", below: str | None = None
) -> None:
    """Insert an image whose layers are there. One that is known only comes to be shown, unless it
    is to stand for a step on top of the image *below*."""
    row = (image_id, raw, parent)
    sql = "INSERT OR IGNORE INTO image_images (id, config, parent) VALUES (?, ?, ?)"
    is_new = connection.execute(sql, row).rowcount > 0
    if below is None:
        show(connection, [image_id])
    else:
        step = (image_id, below, int(not is_new))
        connection.execute("INSERT OR IGNORE INTO image_steps VALUES (?, ?, ?)", step)
    if is_new:
        diff_ids = diff_ids_of(parse_config(raw))
        stack = [(image_id, position, diff_id) for position, diff_id in enumerate(diff_ids)]
        sql = "INSERT OR IGNORE INTO image_stacks VALUES (?, ?, ?)"
        connection.executemany(sql, stack)


def show(connection: Change, image_ids: Iterable[str]) -> None:
    """Let images that stand for steps be images like others."""
    rows = [(image_id,) for image_id in image_ids]
    connection.executemany("UPDATE image_steps SET shown = 1 WHERE image_id = ?", rows)


def hide(connection: Change, image_id: str) -> None:
    """Let an image without names be one for builds alone, until they are over."""
    connection.execute(
        "INSERT INTO image_steps VALUES (?, '', 0) ON CONFLICT (image_id) DO UPDATE SET shown = 0",
        (image_id,),
    )


def set_tag(connection: Change, reference: Reference, image_ids: Sequence[str]) -> None:
    """Let the tag name *image_ids*, the preferred one first, and nothing else."""
    key = (reference.repository, reference.tag)
    connection.execute("DELETE FROM image_tags WHERE repository = ? AND tag = ?", key)
    rows = [(*key, image_id, int(at == 0)) for at, image_id in enumerate(image_ids)]
    connection.executemany("INSERT INTO image_tags VALUES (?, ?, ?, ?)", rows)
    stamps = [(now_ns(), image_id) for image_id in image_ids]
    connection.executemany("UPDATE image_images SET last_tagged = ? WHERE id = ?", stamps)
    show(connection, image_ids)


def add_digest(connection: Change, reference: Reference, image_id: str) -> None:
    """Record that *image_id* is what the registry calls *reference* (with a digest)."""
    row = (reference.repository, reference.digest, image_id)
    connection.execute("INSERT OR IGNORE INTO image_digests VALUES (?, ?, ?)", row)


def remove_reference(connection: Change, reference: Reference) -> None:
    column, value = ("digest", reference.digest) if reference.digest else ("tag", reference.tag)
    sql = f"DELETE FROM image_{column}s WHERE repository = ? AND {column} = ?"
    connection.execute(sql, (reference.repository, value))


def remove_image(connection: Change, image_id: str) -> None:
    """Drop an image and what still refers to it; its layers and their stack stay."""
    for table in ("image_tags", "image_digests", "image_steps"):
        connection.execute(f"DELETE FROM {table} WHERE image_id = ?", (image_id,))
    connection.execute("UPDATE image_images SET parent = '' WHERE parent = ?", (image_id,))
    connection.execute("DELETE FROM image_images WHERE id = ?", (image_id,))


def remove_stack(connection: Change, image_id: str) -> None:
    """Let go of the layers of an image."""
    connection.execute("DELETE FROM image_stacks WHERE image_id = ?", (image_id,))


def remove_layers(connection: Change, diff_ids: Iterable[str]) -> None:
    """Drop layers that no image has."""
    sql = (
        "DELETE FROM image_layers WHERE diff_id = ?1 AND NOT EXISTS "
        "(SELECT 1 FROM image_stacks WHERE diff_id = ?1)"
    )
    connection.executemany(sql, [(diff_id,) for diff_id in diff_ids])


def mark_durable(connection: Change, diff_ids: Iterable[str]) -> None:
    rows = [(diff_id,) for diff_id in diff_ids]
    connection.executemany("UPDATE image_layers SET boot = '' WHERE diff_id = ?", rows)
