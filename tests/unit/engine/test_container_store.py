"""What of containers is kept: what was removed does not come back."""

import asyncio
from pathlib import Path

from boxship.base.ids import new_id
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import MIGRATIONS, Containers, Live
from boxship.state.database import Database
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig


def _live(name: str) -> Live:
    box = Container(
        id=new_id(),
        name=name,
        created=1,
        image_id="",
        config=ContainerConfig(),
        host_config=HostConfig(),
    )
    return Live(box)


async def _saved_after_its_removal(containers: Containers) -> None:
    for name in ("gone", "late", "kept"):
        await containers.add(_live(name))
    gone, late = containers.get("gone"), containers.get("late")
    await containers.remove(gone)
    await containers.save(gone)
    removal = asyncio.create_task(containers.remove(late))
    await asyncio.sleep(0)
    containers.save_later(late)
    containers.save_soon(gone)
    await removal
    containers.get("kept").container.restart_count = 3
    await containers.save(containers.get("kept"))
    await containers.add(_live("gone"))


def test_a_container_saved_after_its_removal_stays_removed(tmp_path: Path) -> None:
    database = Database(tmp_path / "test.db", MIGRATIONS)
    asyncio.run(_saved_after_its_removal(Containers(database)))
    found = {live.container.name: live.container for live in Containers(database)}
    database.close()
    assert sorted(found) == ["gone", "kept"] and found["kept"].restart_count == 3


async def _saved_twice(containers: Containers, told: list[str]) -> None:
    async def then() -> None:
        told.append("saved")

    for name in ("ended", "renamed", "removed"):
        live = _live(name)
        await containers.add(live)
        live.container.restart_count = 1
        containers.save_later(live, then)
    containers.get("renamed").container.restart_count = 2
    await containers.rename(containers.get("renamed"), "other")
    await containers.remove(containers.get("removed"))
    assert told == []
    await containers.close()


def test_what_is_saved_later_is_saved_once_and_never_over_something_newer(tmp_path: Path) -> None:
    database = Database(tmp_path / "test.db", MIGRATIONS)
    told: list[str] = []
    asyncio.run(_saved_twice(Containers(database), told))
    found = {live.container.name: live.container.restart_count for live in Containers(database)}
    database.close()
    assert found == {"ended": 1, "other": 2} and told == ["saved", "saved"]


def test_what_is_saved_later_is_saved_without_being_asked_again(tmp_path: Path) -> None:
    database = Database(tmp_path / "test.db", MIGRATIONS)

    async def scenario() -> None:
        containers, saved = Containers(database), asyncio.Event()

        async def then() -> None:
            saved.set()

        await containers.add(_live("ended"))
        containers.get("ended").container.restart_count = 1
        containers.save_later(containers.get("ended"), then)
        await asyncio.wait_for(saved.wait(), 20)

    asyncio.run(scenario())
    assert [live.container.restart_count for live in Containers(database)] == [1]
    database.close()
