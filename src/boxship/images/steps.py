"""The images that steps of builds by BuildKit's protocol lead to.

Those of Docker's classic builder are parents of each other, and shown. These have no parents, and
nobody sees them but builds, until one is the result of a build, or gets a name.
"""

from collections.abc import Iterable
from functools import partial

from boxship.images import catalog as changes
from boxship.images.catalog import Catalog, Change
from boxship.images.record import ImageRecord
from boxship.images.removal import ContainersUsing
from boxship.state.database import Database


class Steps:
    """*using* tells which containers and builds need an image."""

    def __init__(self, database: Database, catalog: Catalog, using: ContainersUsing) -> None:
        self._database = database
        self._catalog = catalog
        self._using = using

    def above(self, image_id: str) -> list[ImageRecord]:
        """The images that steps on top of *image_id* have led to; of ``""`` those on nothing."""
        rows = self._database.read("SELECT image_id FROM image_steps WHERE below = ?", image_id)
        return self._catalog.records(row[0] for row in rows)

    async def show(self, image_ids: Iterable[str]) -> None:
        """From now on they are images like others."""
        wanted = [one for one in image_ids if self._is_hidden(one)]
        if wanted:
            await self._catalog.write(lambda connection: changes.show(connection, wanted))

    def _is_hidden(self, image_id: str) -> bool:
        sql = "SELECT 1 FROM image_steps WHERE image_id = ? AND NOT shown"
        return bool(self._database.read(sql, image_id))

    def is_held(self, image_id: str) -> bool:
        """Whether a build that runs has the image."""
        return any(not use.id for use in self._using(image_id))

    async def forget(self) -> set[str]:
        """Remove those that nobody sees, nobody uses and no image is on top of; the layers that
        they had. The caller has the store's lock."""
        layers: set[str] = set()
        while leaves := {one for one in self._leaves() if not self._using(one)}:
            layers.update(*(image.diff_ids for image in self._catalog.records(leaves)))
            with self._catalog.leaving(leaves):
                await self._catalog.write(partial(_remove, image_ids=leaves))
        return layers

    def _leaves(self) -> list[str]:
        rows = self._database.read(
            "SELECT image_id FROM image_steps "
            "WHERE NOT shown AND image_id NOT IN (SELECT below FROM image_steps)"
        )
        return [row[0] for row in rows]


def _remove(connection: Change, image_ids: Iterable[str]) -> None:
    for image_id in image_ids:
        changes.remove_image(connection, image_id)
        changes.remove_stack(connection, image_id)
