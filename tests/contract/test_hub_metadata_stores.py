"""Every metadata store of the hub keeps the same rules.

A new store joins by a row in ``STORES``; nothing here may depend on how one works.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import Conflict, NotFound
from boxship.hub.storage.keys import new_key
from boxship.hub.storage.metadata import Metadata
from boxship.hub.storage.records import MissingContent, NewManifest, Right, Secret, User
from boxship.hub.storage.sqlite.store import SqliteMetadata

STORES: dict[str, Callable[[Path], Metadata]] = {"sqlite": SqliteMetadata}
Work = Callable[[], Coroutine[Any, Any, None]]
A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
M1, M2, M3 = (f"sha256:{digit * 64}" for digit in "123")


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Metadata]:
    metadata = STORES[request.param](tmp_path / "metadata")
    yield metadata
    metadata.close()


def run(work: Work) -> None:
    asyncio.run(work())


async def _blob(store: Metadata, repository: int, digest: str, now: float = 1.0) -> str:
    """A published blob; its key."""
    key = new_key()
    await store.begin(key, repository, now)
    assert await store.publish(key, digest, 10, now)
    return key


def _manifest(digest: str, **fields: Any) -> NewManifest:
    values: dict[str, Any] = {
        "media_type": "m", "content": b"{}", "blobs": (), "manifests": (), "subject": None,
        "artifact_type": "", "referrer": b"",
    }  # fmt: skip
    return NewManifest(digest=digest, **(values | fields))


def test_repositories_begin_private(store: Metadata) -> None:
    async def work() -> None:
        assert await store.repository("a/b") is None
        made = await store.ensure_repository("a/b")
        assert made == await store.ensure_repository("a/b") == await store.repository("a/b")
        assert not made.public
        await store.set_public("a/b", True)
        assert (await store.ensure_repository("a/b")).public
        with pytest.raises(NotFound):
            await store.set_public("none", True)
        assert [each.name for each in await store.repositories("", 10)] == ["a/b"]
        assert await store.repositories("a/b", 10) == []

    run(work)


def test_rights(store: Metadata) -> None:
    async def work() -> None:
        for name, admin in (("alice", False), ("bob", False), ("root", True)):
            await store.add_user(User(name, "hash", admin, 1.0))
        await store.ensure_repository("team/app")
        assert await store.right("alice", "alice/new") is Right.ADMIN
        assert await store.right("alice", "alicex/new") is Right.NONE
        assert await store.right("alice", "alice") is Right.NONE
        assert await store.right("root", "team/app") is Right.ADMIN
        assert await store.right("nobody", "nobody/x") is Right.NONE
        for right in Right:
            await store.grant("bob", "team/app", right)
            assert await store.right("bob", "team/app") is right
        assert await store.grants("team/app") == [("bob", Right.ADMIN)]
        await store.grant("bob", "team/app", Right.NONE)
        assert await store.grants("team/app") == []
        await store.set_public("team/app", True)
        assert await store.right("bob", "team/app") is Right.PULL
        for user, name in (("bob", "none"), ("none", "team/app")):
            with pytest.raises(NotFound):
                await store.grant(user, name, Right.PULL)

    run(work)


def test_people_see_what_they_may_pull(store: Metadata) -> None:
    async def work() -> None:
        for name, admin in (("alice", False), ("bob", False), ("root", True)):
            await store.add_user(User(name, "hash", admin, 1.0))
        for name in ("alice/x", "alicex/y", "open", "team/app"):
            await store.ensure_repository(name)
        await store.set_public("open", True)
        await store.grant("bob", "team/app", Right.PULL)

        async def seen(user: str | None) -> list[str]:
            return [each.name for each in await store.visible(user, "", 10)]

        assert await seen(None) == ["open"]
        assert await seen("alice") == ["alice/x", "open"]
        assert await seen("bob") == ["open", "team/app"]
        assert await seen("root") == ["alice/x", "alicex/y", "open", "team/app"]
        assert [each.name for each in await store.visible("root", "alicex/y", 1)] == ["open"]

    run(work)


def test_the_first_copy_of_a_blob_stays(store: Metadata) -> None:
    async def work() -> None:
        one = await store.ensure_repository("one")
        two = await store.ensure_repository("two")
        first = await _blob(store, one.id, A)
        second = await _blob(store, two.id, A)
        assert await store.garbage(10) == [second]
        await store.forget([second])
        for repository in (one, two):
            found = await store.blob(repository.id, A)
            assert found is not None and (found.key, found.size) == (first, 10)
        assert {each.name for each in await store.holders(A)} == {"one", "two"}
        assert await store.unlink(one.id, A) and not await store.unlink(one.id, A)
        assert await store.garbage(10) == []
        assert await store.unlink(two.id, A)
        assert await store.garbage(10) == [first]
        assert not await store.mount(one.id, A, 2.0)

    run(work)


def test_uploads(store: Metadata) -> None:
    async def work() -> None:
        one = await store.ensure_repository("one")
        two = await store.ensure_repository("two")
        key = new_key()
        await store.begin(key, one.id, 1.0)
        assert await store.upload(key, two.id) is None
        await store.keep(key, 5.0)
        found = await store.upload(key, one.id)
        assert found is not None and found.touched == 5.0
        assert await store.expire_uploads(5.0) == 0
        assert await store.publish(key, A, 3, 6.0)
        assert await store.upload(key, one.id) is None
        assert not await store.publish(key, A, 3, 6.0)
        assert not await store.cancel(key), "it is a blob now"
        assert await store.garbage(10) == []
        other = new_key()
        await store.begin(other, one.id, 1.0)
        assert await store.cancel(other) and await store.garbage(10) == [other]
        late = new_key()
        await store.begin(late, one.id, 1.0)
        assert await store.expire_uploads(2.0) == 1
        assert not await store.publish(late, B, 3, 6.0)
        assert sorted(await store.garbage(10)) == sorted([other, late])

    run(work)


def test_manifests_need_their_parts(store: Metadata) -> None:
    async def work() -> None:
        one = await store.ensure_repository("one")
        two = await store.ensure_repository("two")
        await _blob(store, two.id, A)
        image = _manifest(M1, blobs=(A,))
        with pytest.raises(MissingContent) as missing:
            await store.put_manifest(one.id, image, "v1", 1.0)
        assert missing.value.digest == A and await store.manifest(one.id, "v1") is None
        assert await store.mount(one.id, A, 1.0)
        await store.put_manifest(one.id, image, "v1", 1.0)
        with pytest.raises(MissingContent):
            await store.put_manifest(one.id, _manifest(M2, manifests=(M3,)), None, 1.0)
        await store.put_manifest(one.id, _manifest(M2, manifests=(M1,)), "v1", 2.0)
        found = await store.manifest(one.id, "v1")
        assert found is not None and found.digest == M2
        assert await store.manifest(one.id, M1) is not None
        assert await store.remove_manifest(one.id, M2) and not await store.tags(one.id, "", 10)
        assert not await store.remove_manifest(one.id, M2)

    run(work)


def test_tags_come_in_order(store: Metadata) -> None:
    async def work() -> None:
        one = await store.ensure_repository("one")
        names = ["B", "a", "b", "_x", "c", "A"]
        for name in names:
            await store.put_manifest(one.id, _manifest(M1), name, 1.0)
        found = [tag.name for tag in await store.tags(one.id, "", 10)]
        assert found == ["_x", "A", "a", "B", "b", "c"]
        paged, after = [], ""
        while page := await store.tags(one.id, after, 1):
            paged.append(after := page[0].name)
        assert paged == found
        assert await store.remove_tag(one.id, "a") and not await store.remove_tag(one.id, "a")

    run(work)


def test_referrers(store: Metadata) -> None:
    async def work() -> None:
        one = await store.ensure_repository("one")
        for digest, kind in ((M2, "x"), (M3, "y")):
            await store.put_manifest(
                one.id, _manifest(digest, subject=M1, artifact_type=kind, referrer=b"r"), None, 1.0
            )
        assert await store.referrers(one.id, M1, None, "", 10) == [(M2, b"r"), (M3, b"r")]
        assert await store.referrers(one.id, M1, "y", "", 10) == [(M3, b"r")]
        assert await store.referrers(one.id, M1, None, M2, 10) == [(M3, b"r")]
        assert await store.referrers(one.id, M2, None, "", 10) == []

    run(work)


def test_collection_takes_what_nothing_names(store: Metadata) -> None:
    async def work() -> None:
        one = await store.ensure_repository("one")
        used, old, fresh = (
            await _blob(store, one.id, A, 1.0),
            await _blob(store, one.id, B, 1.0),
            await _blob(store, one.id, C, 9.0),
        )
        await store.put_manifest(one.id, _manifest(M1, blobs=(A,)), "v1", 1.0)
        running = new_key()
        await store.begin(running, one.id, 1.0)
        assert await store.unlink_unused(5.0) == 0, "an upload is running"
        await store.cancel(running)
        assert await store.unlink_unused(5.0) == 1
        assert sorted(await store.garbage(10)) == sorted([running, old])
        await store.touch(one.id, C, 20.0)
        assert await store.unlink_unused(15.0) == 0
        await store.remove_manifest(one.id, M1)
        assert await store.unlink_unused(25.0) == 2
        assert sorted(await store.garbage(10)) == sorted([running, old, used, fresh])

    run(work)


def test_untagged_manifests(store: Metadata) -> None:
    async def work() -> None:
        one = await store.ensure_repository("one")
        await store.put_manifest(one.id, _manifest(M1), None, 1.0)
        await store.put_manifest(one.id, _manifest(M2, manifests=(M1,)), "index", 1.0)
        await store.put_manifest(one.id, _manifest(M3, subject=M1), None, 1.0)
        assert await store.remove_untagged(5.0) == 0
        await store.remove_tag(one.id, "index")
        assert await store.remove_untagged(0.5) == 0
        assert await store.remove_untagged(5.0) == 3

    run(work)


def test_removing_a_repository_frees_what_only_it_has(store: Metadata) -> None:
    async def work() -> None:
        one = await store.ensure_repository("one")
        two = await store.ensure_repository("two")
        shared, own = await _blob(store, one.id, A), await _blob(store, one.id, B)
        await store.mount(two.id, A, 1.0)
        await store.put_manifest(one.id, _manifest(M1, blobs=(A, B)), "v1", 1.0)
        running = new_key()
        await store.begin(running, one.id, 1.0)
        await store.remove_repository("one")
        assert sorted(await store.garbage(10)) == sorted([own, running])
        kept = await store.blob(two.id, A)
        assert kept is not None and kept.key == shared
        with pytest.raises(NotFound):
            await store.remove_repository("one")

    run(work)


def test_users_and_secrets(store: Metadata) -> None:
    async def work() -> None:
        await store.add_user(User("alice", "h1", False, 1.0))
        with pytest.raises(Conflict):
            await store.add_user(User("alice", "h2", True, 2.0))
        for kind, expires in (("refresh", 10.0), ("machine", None), ("session", 5.0)):
            secret = Secret(0, "alice", kind, "label", Right.PUSH, 1.0, expires)
            await store.add_secret(secret, f"digest {kind}")
        found = await store.secret("digest refresh", 10.0)
        assert found is not None and (found.kind, found.most) == ("refresh", Right.PUSH)
        assert await store.secret("digest session", 6.0) is None
        await store.sweep_secrets(6.0)
        assert [each.kind for each in await store.secrets("alice")] == ["refresh", "machine"]
        await store.set_password("alice", "h3")
        left = await store.secrets("alice")
        assert [each.kind for each in left] == ["machine"]
        assert not await store.remove_secret("bob", left[0].id)
        assert await store.remove_secret("alice", left[0].id)
        await store.remove_user("alice")
        assert await store.user("alice") is None and await store.users() == []
        for absent in (store.remove_user("alice"), store.set_password("alice", "h")):
            with pytest.raises(NotFound):
                await absent

    run(work)


@pytest.mark.parametrize("way", ["token", "digest", "user"])
def test_revocation_ends_every_secret_that_was_derived(store: Metadata, way: str) -> None:
    async def work() -> None:
        await store.add_user(User("alice", "h1", False, 1.0))
        await store.add_user(User("bob", "h1", False, 1.0))
        parent: int | None = None
        chain = ("machine", "refresh", "session", "refresh", "session")
        for depth, kind in enumerate(chain):
            secret = Secret(0, "alice", kind, "label", Right.PULL, 1.0, None, parent)
            assert await store.add_secret(secret, f"digest {depth}")
            found = await store.secret(f"digest {depth}", 2.0)
            assert found is not None and found.origin == parent
            parent = found.id
        by_password = Secret(0, "alice", "session", "label", Right.PULL, 1.0, None)
        assert await store.add_secret(by_password, "own", "h1")
        stolen = Secret(0, "bob", "refresh", "label", Right.PULL, 1.0, None, parent)
        assert not await store.add_secret(stolen, "stolen")
        first = (await store.secrets("alice"))[0]
        if way == "token":
            assert await store.remove_secret("alice", first.id)
        elif way == "digest":
            await store.end_secret("digest 0")
        else:
            await store.remove_user("alice")
        left = [await store.secret(f"digest {depth}", 2.0) for depth in range(len(chain))]
        assert left == [None] * len(chain)
        assert (await store.secret("own", 2.0) is None) == (way == "user")
        late = Secret(0, "alice", "refresh", "label", Right.PULL, 1.0, None, first.id)
        assert not await store.add_secret(late, "late")

    run(work)


def test_a_login_with_an_old_password_derives_nothing(store: Metadata) -> None:
    async def work() -> None:
        await store.add_user(User("alice", "h1", False, 1.0))
        await store.set_password("alice", "h2")
        secret = Secret(0, "alice", "refresh", "label", Right.PULL, 1.0, None)
        assert not await store.add_secret(secret, "old", "h1")
        assert await store.secrets("alice") == []
        assert await store.add_secret(secret, "new", "h2")

    run(work)


def test_attempts_are_counted_within_a_window(store: Metadata) -> None:
    async def work() -> None:
        limits = {"pair": 2, "address": 3}
        assert await store.attempt(limits, 100.0, 60.0) == 0
        assert await store.attempt(limits, 110.0, 60.0) == 0
        assert await store.attempt(limits, 120.0, 60.0) == 40.0
        await store.succeeded(["pair", "address"])
        assert await store.attempt(limits, 120.0, 60.0) == 0
        assert await store.attempt({"other": 2, "address": 2}, 130.0, 60.0) == 30.0
        assert await store.attempt(limits, 160.0, 60.0) == 0

    run(work)


def test_many_writers_at_once(store: Metadata) -> None:
    async def work() -> None:
        found = await asyncio.gather(*(store.ensure_repository("same") for _ in range(50)))
        assert len({each.id for each in found}) == 1
        keys = [new_key() for _ in range(50)]
        await asyncio.gather(*(store.begin(key, found[0].id, 1.0) for key in keys))
        await asyncio.gather(*(store.publish(key, A, 1, 2.0) for key in keys))
        assert len(await store.garbage(100)) == 49

    run(work)
