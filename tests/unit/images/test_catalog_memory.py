"""What the catalog keeps in memory is never older than the last change of an image."""

import asyncio
import json
from pathlib import Path

from boxship.images import catalog as changes
from boxship.images.catalog import Catalog
from boxship.images.reference import parse_tagged
from boxship.images.schema import MIGRATIONS, PARENT_MIGRATIONS
from boxship.state.database import Database


def test_a_change_is_seen_by_who_has_asked_before(tmp_path: Path) -> None:
    database = Database(tmp_path / "test.db", (*MIGRATIONS, *PARENT_MIGRATIONS))
    catalog, name = Catalog(database), parse_tagged("box", "one")
    raw = json.dumps({"os": "linux"}).encode()

    async def scenario() -> None:
        for identity in ("sha256:a", "sha256:b"):
            assert catalog.records([identity]) == []
            await catalog.write(lambda each, new=identity: changes.add_image(each, new, raw))
            assert [row.references for row in catalog.records([identity])] == [()]
            await catalog.write(lambda each, new=identity: changes.set_tag(each, name, [new]))
            assert catalog.tagged(name) == [identity]
            assert catalog.records([identity])[0].repo_tags == ["box:one"]
        assert catalog.records(["sha256:a"])[0].references == ()
        catalog.tagged(name).clear()
        assert catalog.tagged(name) == ["sha256:b"]

    asyncio.run(scenario())
    database.close()
