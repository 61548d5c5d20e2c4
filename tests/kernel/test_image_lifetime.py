"""How long images and layers live: use, leases, restarts, crashes of the machine."""

import asyncio
from pathlib import Path

import pytest

from boxship.base.errors import NotFound
from boxship.images.removal import ContainerUse
from support.image_archives import docker_archive, sha
from support.image_scenarios import BASE, ONE, TOP, TWO, diff, put, run
from support.image_store import Store
from support.requirements import require_root


@pytest.fixture(autouse=True)
def root() -> None:
    require_root()


def test_layers_live_as_long_as_containers_need_them(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await store.load(put(tmp_path, docker_archive(TWO, ONE)))
        before = store.images.rootfs_layers(TWO.id)
        store.uses[TWO.id] = [ContainerUse("c" * 64, running=False)]
        await store.remove("two:2")
        removed = await store.remove("two:latest", force=True)
        assert removed == [{"Untagged": "two:latest"}, {"Deleted": TWO.id}]
        assert store.images.rootfs_layers(TWO.id) == before
        await store.images.collect(store.containers_using)
        assert store.files() == {diff(BASE), diff(TOP)}
        store.uses.clear()
        await store.images.collect(store.containers_using)
        assert store.files() == {diff(BASE)}
        assert [one["data"] for one in store.forgotten] == [before[0]["data"]]
        with pytest.raises(NotFound):
            store.images.rootfs_layers(TWO.id)

    run(tmp_path, scenario)


def test_shared_layers_stay_until_the_last_image_goes(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await store.load(put(tmp_path, docker_archive(ONE, TWO)))
        usage = store.images.disk_usage(store.containers_using)
        assert usage["LayersSize"] == len("#!root") + len("hi")
        assert {row["SharedSize"] for row in usage["Images"]} == {len("#!root")}
        removed = await store.remove("one")
        assert removed == [{"Untagged": "one:latest"}, {"Deleted": ONE.id}]
        assert store.files() == {diff(BASE), diff(TOP)}
        await store.remove("two:2")
        removed = await store.remove("two")
        chain = f"sha256:{sha(f'{diff(BASE)} {diff(TOP)}'.encode())}"
        assert [row.get("Deleted") for row in removed[1:]] == [TWO.id, chain, diff(BASE)]
        assert store.files() == set()

    run(tmp_path, scenario)


def test_leased_layers_stay(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await store.load(put(tmp_path, docker_archive(ONE)))
        with store.images.lease([diff(BASE)]):
            await store.remove("one")
            assert store.files() == {diff(BASE)}
        await store.images.collect(store.containers_using)
        assert store.files() == set()

    run(tmp_path, scenario)


def test_a_restart_finds_what_was_there_and_sweeps_the_rest(tmp_path: Path) -> None:
    async def first(store: Store) -> None:
        await store.load(put(tmp_path, docker_archive(ONE)))

    async def second(store: Store) -> None:
        assert store.images.resolve("one").id == ONE.id
        assert store.files() == {diff(BASE)}

    run(tmp_path, first)
    (tmp_path / "staging/half/layer-0").mkdir(parents=True)
    (tmp_path / "layers/sha256" / ("0" * 64)).mkdir()
    run(tmp_path, second)


@pytest.mark.parametrize("damage", ["layer.tar", "index", None])
def test_layers_caught_by_a_crash_prove_themselves(tmp_path: Path, damage: str | None) -> None:
    """As if the machine had gone down before the layers were on disk."""

    async def first(store: Store) -> None:
        await store.load(put(tmp_path, docker_archive(ONE, TWO)))
        await store.images.close()
        await store.database.execute("UPDATE image_layers SET boot = 'another'")

    async def second(store: Store) -> None:
        kept = store.images.resolve("two").id if damage is None else None
        if damage is None:
            assert kept == TWO.id
        else:
            assert store.images.count == 1
            assert store.images.resolve("one").id == ONE.id
            assert store.files() == {diff(BASE)}
        assert store.database.read("SELECT 1 FROM image_layers WHERE boot != ''") == []

    run(tmp_path, first)
    if damage:
        path = tmp_path / "layers/sha256" / sha(TOP) / damage
        path.write_bytes(path.read_bytes()[:-1])
    run(tmp_path, second)


def test_layers_become_durable_in_the_background(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await store.load(put(tmp_path, docker_archive(ONE)))
        await store.images.close()
        assert store.database.read("SELECT boot FROM image_layers") == [("",)]

    run(tmp_path, scenario)


def test_concurrent_loads_of_the_same_archive(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        archive = put(tmp_path, docker_archive(ONE, TWO))
        await asyncio.gather(*(store.load(archive) for _ in range(3)))
        assert store.images.count == 2
        assert store.files() == {diff(BASE), diff(TOP)}

    run(tmp_path, scenario)
