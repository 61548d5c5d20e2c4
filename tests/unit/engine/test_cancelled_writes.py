"""A caller that is cancelled while the database writes: memory and disk still say the same."""

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import Conflict
from boxship.base.ids import new_id
from boxship.engine.containers import store as container_store
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import Containers, Live
from boxship.state.database import Database
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig
from boxship.volumes import store as volume_store
from boxship.volumes.store import Volumes


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


async def _cancelled(database: Database, work: Coroutine[Any, Any, object]) -> None:
    """Cancel *work* while its write is queued behind one that takes its time."""
    held = threading.Event()
    database.submit(lambda connection: held.wait(10) and None)
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    held.set()
    await asyncio.wait({task})
    assert task.cancelled()


def test_a_cancelled_container_is_there_or_its_name_is_free(tmp_path: Path) -> None:
    database = Database(tmp_path / "test.db", container_store.MIGRATIONS)
    containers = Containers(database)
    new = _live("box")

    async def scenario() -> None:
        containers.reserve("box", new.id)
        await _cancelled(database, containers.add(new))
        assert containers.get("box") is new
        with pytest.raises(Conflict):
            containers.reserve("box", new_id())
        await _cancelled(database, containers.rename(new, "other"))
        assert new.container.name == "other" and containers.get("other") is new
        second = _live("box")
        containers.reserve("box", second.id)
        await containers.add(second)
        await _cancelled(database, containers.remove(new))
        assert not containers.has_name("other")

    asyncio.run(asyncio.wait_for(scenario(), 20))
    assert [live.container.name for live in Containers(database)] == ["box"]
    database.close()


def test_a_cancelled_volume_is_there_or_its_name_is_free(tmp_path: Path) -> None:
    database = Database(tmp_path / "test.db", volume_store.MIGRATIONS)
    volumes = Volumes(tmp_path / "volumes", database)

    async def scenario() -> None:
        await _cancelled(database, volumes.create("kept", None, None))
        await volumes.create("gone", None, None)
        await _cancelled(database, volumes.remove(volumes.get("gone")))

    asyncio.run(asyncio.wait_for(scenario(), 20))
    assert [volume.name for volume in volumes] == ["kept"]
    assert [path.name for path in (tmp_path / "volumes").iterdir()] == ["kept"]
    assert [volume.name for volume in Volumes(tmp_path / "volumes", database)] == ["kept"]
    database.close()
