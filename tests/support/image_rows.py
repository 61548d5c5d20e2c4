"""Images that exist in a database only: for the rules on names, children and use."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from boxship.images import catalog as changes
from boxship.images.catalog import Catalog, Change, LayerRow
from boxship.images.record import diff_ids_of, parse_config
from boxship.images.reference import parse
from boxship.images.schema import BLOB_MIGRATIONS, MIGRATIONS, STEP_MIGRATIONS, URL_MIGRATIONS
from boxship.state.database import Database
from support.image_archives import Image

_MIGRATIONS = (*MIGRATIONS, *BLOB_MIGRATIONS, *URL_MIGRATIONS, *STEP_MIGRATIONS)


def with_catalog(
    directory: Path,
    images: Sequence[tuple[Image, str]],
    scenario: Callable[[Catalog], Awaitable[None]],
) -> None:
    """Run *scenario* on a catalog of *images*, each with the ID of its parent or ``""``."""

    def insert(connection: Change) -> None:
        for image, parent in images:
            rows = [
                LayerRow(diff_id, len(data), len(data), "", False, "")
                for diff_id, data in zip(
                    diff_ids_of(parse_config(image.raw)), image.layers, strict=True
                )
            ]
            changes.add_layers(connection, rows)
            changes.add_image(connection, image.id, image.raw, parent)
            for name in image.names:
                reference = parse(name)
                if reference.digest:
                    changes.add_digest(connection, reference, image.id)
                else:
                    changes.set_tag(connection, reference, [image.id])

    async def main() -> None:
        database = Database(
            directory / "images.db",
            _MIGRATIONS,
            durable=False,
        )
        try:
            await database.write(insert)
            await scenario(Catalog(database))
        finally:
            database.close()

    asyncio.run(main())
