"""Images of steps are seen by builds alone, until they are results, and go when nobody is left."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path

from boxship.base.digests import sha256
from boxship.images import catalog as changes
from boxship.images.catalog import Catalog
from boxship.images.reference import parse_tagged
from boxship.images.removal import ContainerUse, Remover
from boxship.images.schema import MIGRATIONS, PARENT_MIGRATIONS, STEP_MIGRATIONS
from boxship.images.steps import Steps
from boxship.state.database import Database


def _raw(name: str) -> bytes:
    return json.dumps({"os": "linux", "author": name}).encode()


def _id(name: str) -> str:
    return sha256(_raw(name))


class Images:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.catalog = Catalog(database)
        self.used: set[str] = set()
        self.steps = Steps(database, self.catalog, self._using)

    def _using(self, image_id: str) -> list[ContainerUse]:
        return [ContainerUse("", True)] if image_id in self.used else []

    async def add(self, name: str, below: str | None = None) -> None:
        on = _id(below) if below else below
        await self.catalog.write(
            partial(changes.add_image, image_id=_id(name), raw=_raw(name), below=on)
        )

    async def remove(self, name: str) -> None:
        async def drop(_: Iterable[str]) -> list[str]:
            return []

        remover = Remover(self.catalog, self._using, lambda _: False, drop, lambda *_: None)
        await remover.remove(_id(name), force=False, prune=True)

    @property
    def shown(self) -> set[str]:
        return {str(image.document["author"]) for image in self.catalog.records()}

    def above(self, name: str) -> set[str]:
        found = self.steps.above(_id(name) if name else "")
        return {str(image.document["author"]) for image in found}


def _with(directory: Path, scenario: Callable[[Images], Awaitable[None]]) -> None:
    migrations = (*MIGRATIONS, *PARENT_MIGRATIONS, *STEP_MIGRATIONS)
    database = Database(directory / "test.db", migrations, durable=False)
    try:

        async def main() -> None:
            await scenario(Images(database))

        asyncio.run(main())
    finally:
        database.close()


def test_steps_are_no_images_until_they_are_shown(tmp_path: Path) -> None:
    async def scenario(images: Images) -> None:
        await images.add("base")
        await images.add("one", "base")
        await images.add("two", "one")
        assert images.shown == {"base"}
        assert (images.catalog.count(), len(images.catalog.ids())) == (1, 3)
        assert images.above("base") == {"one"}
        assert images.above("one") == {"two"}
        assert images.catalog.children(_id("base")) == []
        assert images.catalog.children("") == [_id("base")]
        assert images.catalog.with_prefix(_id("two")[7:20]) == []
        await images.steps.show([_id("two"), _id("base")])
        assert images.shown == {"base", "two"}
        assert images.catalog.with_prefix(_id("two")[7:20]) == [_id("two")]

    _with(tmp_path, scenario)


def test_a_name_shows_them_and_so_does_who_brings_the_same(tmp_path: Path) -> None:
    async def scenario(images: Images) -> None:
        for name in ("one", "two", "three"):
            await images.add(name, "")
        await images.add("two")
        name = parse_tagged("box", "one")
        await images.catalog.tag(name, [_id("one")])
        assert images.shown == {"one", "two"}
        assert images.above("") == {"one", "two", "three"}

    _with(tmp_path, scenario)


def test_an_image_that_is_there_stays_one_when_a_step_leads_to_it(tmp_path: Path) -> None:
    async def scenario(images: Images) -> None:
        await images.add("one")
        await images.add("one", "")
        assert images.shown == {"one"}
        assert images.above("") == {"one"}
        assert await images.steps.forget() == set()
        assert images.shown == {"one"}

    _with(tmp_path, scenario)


def test_what_leads_nowhere_goes_unless_it_is_used(tmp_path: Path) -> None:
    async def scenario(images: Images) -> None:
        await images.add("base")
        await images.add("one", "base")
        await images.add("two", "one")
        await images.add("three", "two")
        await images.add("beside", "one")
        await images.steps.show([_id("beside")])
        images.used = {_id("two")}
        await images.steps.forget()
        assert images.above("one") == {"two", "beside"}
        assert images.above("two") == set()
        images.used = set()
        await images.steps.forget()
        assert images.above("one") == {"beside"}
        assert images.above("base") == {"one"}
        await images.catalog.write(partial(changes.remove_image, image_id=_id("beside")))
        await images.steps.forget()
        assert images.catalog.ids() == [_id("base")]

    _with(tmp_path, scenario)


def test_nobody_takes_up_what_goes(tmp_path: Path) -> None:
    async def scenario(images: Images) -> None:
        await images.add("one", "")
        go_on = threading.Event()
        images.database.submit(lambda _: go_on.wait() and None)
        going = asyncio.ensure_future(images.steps.forget())
        try:
            await asyncio.sleep(0)  # As far as the write, which the other one keeps waiting.
            assert images.catalog.ids() == [_id("one")]
            assert images.above("") == set()
        finally:
            go_on.set()
            await going
        await images.add("one", "")
        assert images.above("") == {"one"}

    _with(tmp_path, scenario)


def test_nobody_takes_up_what_is_about_to_be_removed(tmp_path: Path) -> None:
    async def scenario(images: Images) -> None:
        await images.add("base")
        await images.add("one", "base")
        await images.steps.show([_id("one")])
        for name in ("one", "base"):
            go_on = threading.Event()
            images.database.submit(lambda _, go_on=go_on: go_on.wait() and None)
            removal = asyncio.ensure_future(images.remove(name))
            try:
                await asyncio.sleep(0)  # As far as the write, which the other one keeps waiting.
                assert images.catalog.records([_id(name)]) == []
                assert images.above("base") == set()
                assert not removal.done()
            finally:
                go_on.set()
                await removal
        assert images.catalog.ids() == []

    _with(tmp_path, scenario)
