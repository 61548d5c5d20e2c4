"""``rmi`` and ``prune``: who may go, what is said, what is announced. As dockerd 26.1.5 does it."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from boxship.api.filters import Filters
from boxship.base.errors import BoxshipError, Conflict, InvalidParameter, NotFound
from boxship.images import catalog as changes
from boxship.images.catalog import Catalog
from boxship.images.pruning import prune
from boxship.images.reference import parse
from boxship.images.removal import ContainerUse, Remover, chain_ids, is_single
from support.image_archives import Image, sha
from support.image_rows import with_catalog

D1, D2 = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
Uses = dict[str, list[ContainerUse]]
RUNNING, STOPPED = ContainerUse("a" * 64, True), ContainerUse("b" * 64, False)


class Desk:
    """Removes from a catalog and remembers what was announced."""

    def __init__(self, catalog: Catalog, uses: Uses | None = None) -> None:
        self.catalog = catalog
        self.uses = uses or {}
        self.events: list[tuple[str, str]] = []

    async def __call__(
        self, name: str, force: bool = False, prune: bool = True
    ) -> list[tuple[str, str]]:
        remover = Remover(self.catalog, self.using, lambda _: False, self._drop, self._emit)
        rows = await remover.remove(name, force, prune)
        return [pair for row in rows for pair in row.items()]

    async def raw(self, name: str) -> list[dict[str, str]]:
        remover = Remover(self.catalog, self.using, lambda _: False, self._drop, self._emit)
        return await remover.remove(name, False, True)

    def using(self, image_id: str) -> list[ContainerUse]:
        return self.uses.get(image_id, [])

    async def _drop(self, diff_ids: Iterable[str]) -> list[str]:
        free = sorted(set(diff_ids) & self.catalog.orphans())
        await self.catalog.write(lambda connection: changes.remove_layers(connection, free))
        return free

    def _emit(self, action: str, image_id: str, attributes: dict[str, str]) -> None:
        assert attributes["name"] == image_id
        self.events.append((action, image_id))


def image(*names: str, layers: tuple[bytes, ...] = (b"l",), **extra: object) -> Image:
    return Image(list(layers), list(names), extra=dict(extra))


def short(one: Image) -> str:
    return one.id[7:19]


def test_the_last_name_takes_the_image_along(tmp_path: Path) -> None:
    one = image("x:1", "x:2")

    async def scenario(catalog: Catalog) -> None:
        remove = Desk(catalog)
        assert await remove("x:1") == [("Untagged", "x:1")]
        assert await remove("docker.io/library/x:2") == [
            ("Untagged", "x:2"),
            ("Deleted", one.id),
            ("Deleted", f"sha256:{sha(b'l')}"),
        ]
        assert remove.events == [("untag", one.id), ("untag", one.id), ("delete", one.id)]
        with pytest.raises(NotFound, match="No such image: x:1"):
            await remove("x:1")

    with_catalog(tmp_path, [(one, "")], scenario)


def test_layers_are_named_by_chain_topmost_first(tmp_path: Path) -> None:
    one = image("x:1", layers=(b"a", b"b", b"c"))

    async def scenario(catalog: Catalog) -> None:
        chains = chain_ids([f"sha256:{sha(data)}" for data in one.layers])
        assert [value for _, value in (await Desk(catalog)("x:1"))[2:]] == chains[::-1]

    with_catalog(tmp_path, [(one, "")], scenario)


def test_by_id_with_one_name(tmp_path: Path) -> None:
    one = image("x:1")

    async def scenario(catalog: Catalog) -> None:
        assert (await Desk(catalog)(short(one)))[:2] == [("Untagged", "x:1"), ("Deleted", one.id)]

    with_catalog(tmp_path, [(one, "")], scenario)


def test_by_id_with_several_names(tmp_path: Path) -> None:
    one = image("x:1", "y:1")

    async def scenario(catalog: Catalog) -> None:
        with pytest.raises(Conflict) as error:
            await Desk(catalog)(one.id)
        assert str(error.value) == (
            f"conflict: unable to delete {short(one)} (must be forced) - image is referenced in "
            "multiple repositories"
        )
        removed = await Desk(catalog)(one.id, force=True)
        assert removed[:3] == [("Untagged", "x:1"), ("Untagged", "y:1"), ("Deleted", one.id)]

    with_catalog(tmp_path, [(one, "")], scenario)


@pytest.mark.parametrize(
    ("use", "why"),
    [
        (STOPPED, "(must be forced) - image is being used by stopped container bbbbbbbbbbbb"),
        (RUNNING, "(cannot be forced) - image is being used by running container aaaaaaaaaaaa"),
    ],
)
def test_images_in_use(tmp_path: Path, use: ContainerUse, why: str) -> None:
    one = image("x:1")

    async def scenario(catalog: Catalog) -> None:
        remove = Desk(catalog, {one.id: [use]})
        with pytest.raises(Conflict) as error:
            await remove("x:1")
        assert str(error.value) == (
            'conflict: unable to remove repository reference "x:1" (must force) - container '
            f"{use.id[:12]} is using its referenced image {short(one)}"
        )
        with pytest.raises(Conflict) as error:
            await remove(one.id)
        assert str(error.value) == f"conflict: unable to delete {short(one)} {why}"
        assert catalog.get(one.id).repo_tags == ["x:1"]

    with_catalog(tmp_path, [(one, "")], scenario)


def test_force_and_a_stopped_container(tmp_path: Path) -> None:
    one = image("x:1")

    async def scenario(catalog: Catalog) -> None:
        remove = Desk(catalog, {one.id: [STOPPED]})
        # Its layers stay below the container.
        assert await remove("x:1", force=True) == [("Untagged", "x:1"), ("Deleted", one.id)]
        assert len(catalog.stack(one.id)) == 1

    with_catalog(tmp_path, [(one, "")], scenario)


def test_force_and_a_running_container(tmp_path: Path) -> None:
    one = image("x:1")

    async def scenario(catalog: Catalog) -> None:
        remove = Desk(catalog, {one.id: [RUNNING]})
        assert await remove("x:1", force=True) == [("Untagged", "x:1")]
        with pytest.raises(Conflict, match="cannot be forced"):
            await remove(one.id, force=True)

    with_catalog(tmp_path, [(one, "")], scenario)


def test_a_name_too_many_may_go_although_the_image_is_used(tmp_path: Path) -> None:
    one = image("x:1", "x:2")

    async def scenario(catalog: Catalog) -> None:
        assert await Desk(catalog, {one.id: [RUNNING]})("x:1") == [("Untagged", "x:1")]

    with_catalog(tmp_path, [(one, "")], scenario)


def test_children_keep_their_parent(tmp_path: Path) -> None:
    parent, child = image("p:1"), image("c:1", layers=(b"l", b"m"))

    async def scenario(catalog: Catalog) -> None:
        remove = Desk(catalog)
        for force in (False, True):
            with pytest.raises(Conflict) as error:
                await remove(parent.id, force)
            assert str(error.value) == (
                f"conflict: unable to delete {short(parent)} (cannot be forced) - image has "
                "dependent child images"
            )
        assert await remove("p:1") == [("Untagged", "p:1")]
        removed = await remove("c:1")
        assert [value for key, value in removed if key == "Deleted"][::2] == [child.id, parent.id]

    with_catalog(tmp_path, [(parent, ""), (child, parent.id)], scenario)


def test_noprune_keeps_untagged_parents(tmp_path: Path) -> None:
    parent, child = image(), image("c:1", layers=(b"l", b"m"))

    async def scenario(catalog: Catalog) -> None:
        await Desk(catalog)("c:1", prune=False)
        assert catalog.ids() == [parent.id]

    with_catalog(tmp_path, [(parent, ""), (child, parent.id)], scenario)


def test_named_and_used_parents_survive_their_children(tmp_path: Path) -> None:
    parent, child = image("p:1"), image("c:1", layers=(b"l", b"m"))

    async def scenario(catalog: Catalog) -> None:
        await Desk(catalog)("c:1")
        assert catalog.ids() == [parent.id]

    with_catalog(tmp_path, [(parent, ""), (child, parent.id)], scenario)


def test_digests_go_with_the_last_tag_of_their_repository(tmp_path: Path) -> None:
    one = image("x:1", f"x@{D1}", f"y@{D2}")

    async def scenario(catalog: Catalog) -> None:
        remove = Desk(catalog)
        assert await remove("x:1") == [("Untagged", "x:1"), ("Untagged", f"x@{D1}")]
        assert (await remove(f"y@{D2}"))[:2] == [("Untagged", f"y@{D2}"), ("Deleted", one.id)]

    with_catalog(tmp_path, [(one, "")], scenario)


@pytest.mark.parametrize(
    ("names", "single"),
    [
        ([], True),
        (["x:1"], True),
        (["x:1", f"x@{D1}"], True),
        (["x:1", f"y@{D1}"], False),
        ([f"x@{D1}", f"x@{D2}"], True),
        ([f"x@{D1}", f"y@{D1}"], False),
        (["x:1", "x:2"], False),
    ],
)
def test_what_counts_as_one_name(names: list[str], single: bool) -> None:
    assert is_single([parse(name) for name in names]) is single


def test_ambiguous_and_malformed_names(tmp_path: Path) -> None:
    async def scenario(catalog: Catalog) -> None:
        with pytest.raises(InvalidParameter, match="must be lowercase"):
            await Desk(catalog)("Nope")
        with pytest.raises(NotFound, match="No such image: nope:latest"):
            await Desk(catalog)("nope", force=True)

    with_catalog(tmp_path, [(image("x:1"), "")], scenario)


# prune


def test_prune_removes_what_has_no_name(tmp_path: Path) -> None:
    named, loose = image("x:1"), image(layers=(b"loose",))

    async def scenario(catalog: Catalog) -> None:
        report = await prune(catalog, Filters(), Desk(catalog).raw)
        assert report["ImagesDeleted"] == [
            {"Deleted": loose.id},
            {"Deleted": f"sha256:{sha(b'loose')}"},
        ]
        assert report["SpaceReclaimed"] == len(b"loose")
        report = await prune(catalog, Filters(), Desk(catalog).raw)
        assert report == {"ImagesDeleted": None, "SpaceReclaimed": 0}

    with_catalog(tmp_path, [(named, ""), (loose, "")], scenario)


def test_prune_of_all_spares_what_is_used(tmp_path: Path) -> None:
    used, free = image("x:1"), image("y:1", "y:2", layers=(b"m",))

    async def scenario(catalog: Catalog) -> None:
        desk = Desk(catalog, {used.id: [STOPPED]})
        report = await prune(catalog, Filters({"dangling": ["false"]}), desk.raw)
        untagged = [row.get("Untagged") for row in report["ImagesDeleted"]]
        assert untagged == ["y:1", "y:2", None, None]
        assert catalog.ids() == [used.id]

    with_catalog(tmp_path, [(used, ""), (free, "")], scenario)


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"label": ["keep"]}, {"plain", "young"}),
        ({"label!": ["keep"]}, {"kept"}),
        ({"until": ["2020-01-01"]}, {"young"}),
        ({"until": ["2020-01-01"], "label": ["keep=yes"]}, {"plain", "young"}),
        ({"label": ["keep=no"]}, {"plain", "young", "kept"}),
    ],
)
def test_prune_filters(tmp_path: Path, filters: dict[str, list[str]], left: set[str]) -> None:
    old = "2019-05-05T00:00:00Z"
    images = {
        "plain": image(layers=(b"p",), created=old),
        "kept": image(layers=(b"k",), created=old, config={"Labels": {"keep": "yes"}}),
        "young": image(layers=(b"y",), created="2021-05-05T00:00:00Z"),
    }

    async def scenario(catalog: Catalog) -> None:
        await prune(catalog, Filters(filters), Desk(catalog).raw)
        assert set(catalog.ids()) == {images[name].id for name in left}

    with_catalog(tmp_path, [(one, "") for one in images.values()], scenario)


@pytest.mark.parametrize("filters", [{"dang": ["1"]}, {"dangling": ["x"]}, {"until": ["zz"]}])
def test_prune_refuses_bad_filters(tmp_path: Path, filters: dict[str, list[str]]) -> None:
    async def scenario(catalog: Catalog) -> None:
        with pytest.raises(BoxshipError):
            await prune(catalog, Filters(filters), Desk(catalog).raw)
        assert len(catalog.ids()) == 1

    with_catalog(tmp_path, [(image(), "")], scenario)
