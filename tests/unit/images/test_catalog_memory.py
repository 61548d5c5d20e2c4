"""What the catalog keeps in memory is never older than the last change of an image."""

import asyncio
import contextlib
import json
import sqlite3
from pathlib import Path

from boxship.images import catalog as changes
from boxship.images.catalog import Catalog
from boxship.images.reference import parse_tagged
from boxship.images.schema import MIGRATIONS, PARENT_MIGRATIONS, STEP_MIGRATIONS
from boxship.state.database import Database


def test_a_change_is_seen_by_who_has_asked_before(tmp_path: Path) -> None:
    database = Database(tmp_path / "test.db", (*MIGRATIONS, *PARENT_MIGRATIONS, *STEP_MIGRATIONS))
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


def test_only_a_tag_that_is_new_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    database = Database(path, (*MIGRATIONS, *PARENT_MIGRATIONS, *STEP_MIGRATIONS))
    catalog, name = Catalog(database), parse_tagged("box", "one")

    async def scenario() -> None:
        for identity in ("sha256:a", "sha256:b"):
            raw = json.dumps({"os": identity}).encode()
            await catalog.write(
                lambda each, new=identity, raw=raw: changes.add_image(each, new, raw)
            )
        await catalog.tag(name, ["sha256:a"])
        before = catalog.records(["sha256:a"])[0].last_tagged
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            # Nothing is written while this lasts.
            other.execute("BEGIN IMMEDIATE")
            await catalog.tag(name, ["sha256:a"])
            assert catalog.records(["sha256:a"])[0].last_tagged == before
            tagging = asyncio.ensure_future(catalog.tag(name, ["sha256:b"]))
            await asyncio.sleep(0)
            assert not tagging.done() and catalog.tagged(name) == ["sha256:a"]
            other.execute("COMMIT")
        await tagging
        assert catalog.tagged(name) == ["sha256:b"]
        assert catalog.records(["sha256:a"])[0].last_tagged > before

    asyncio.run(scenario())
    database.close()
