"""Pulls from a registry that lies: a clear error each, nothing half-stored, and the next try works.

The store is real, its workers are processes; only the registry is ours.
"""

import asyncio
import copy
import gzip
import hashlib
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import BoxshipError
from boxship.engine.sharing.messages import Message
from boxship.engine.sharing.sharing import Sharing
from boxship.registry.credentials import ANONYMOUS, Credentials
from boxship.registry.settings import RegistrySettings
from support.fake_registry import OCI_INDEX, Asked, FakeRegistry, Reply, archive, running
from support.image_store import Store, opened
from support.requirements import require_root
from support.waiting import comes_true

BIG = archive({"big": os.urandom(3 << 20)})
SMALL = archive({"etc/name": b"small"})
LAYERS = [SMALL, BIG]
Scenario = Callable[["Pulling"], Awaitable[Any]]


class Pulling:
    """A registry, a store, and pulls from one into the other."""

    def __init__(self, registry: FakeRegistry, store: Store, sharing: Sharing) -> None:
        self.registry, self.store, self.sharing = registry, store, sharing

    async def pull(self, tag: str = "v1", platform: str = "linux/amd64") -> list[Message]:
        image = f"{self.registry.host}/a/b"
        messages = self.sharing.pull(image, tag, platform, ANONYMOUS)
        async with aclosing(messages):
            return [message async for message in messages]

    async def failure(self, tag: str = "v1") -> str:
        try:
            messages = await self.pull(tag)
        except BoxshipError as error:
            return str(error)
        return str(messages[-1].get("error", ""))

    async def becomes_empty(self) -> bool:
        """Whether nothing of any image stays, once what was cancelled has ended. What came of a
        blob that may be continued does."""
        return await comes_true(self._is_empty)

    def _is_empty(self) -> bool:
        kept = [*self.store.images.blobs, *(self.store.root / "layers" / "sha256").iterdir()]
        return not kept and not list((self.store.root / "staging").iterdir())

    def sizes(self) -> list[int]:
        """Of the blobs that may be continued."""
        return [path.stat().st_size for path in (self.store.root / "partial").iterdir()]


def against(root: Path, scenario: Scenario) -> Any:
    require_root()

    async def run() -> Any:
        async with opened(root) as store, running() as registry:
            sharing = Sharing(store.images, RegistrySettings(), lambda *event: None)
            try:
                return await scenario(Pulling(registry, store, sharing))
            finally:
                sharing.close()

    return asyncio.run(run())


def spoil_size(manifest: dict[str, Any]) -> None:
    manifest["layers"][1]["size"] -= 1


def spoil_digest(manifest: dict[str, Any]) -> None:
    manifest["layers"][0], manifest["layers"][1] = manifest["layers"][1], manifest["layers"][0]


def spoil_count(manifest: dict[str, Any]) -> None:
    del manifest["layers"][1]


def spoil_config_type(manifest: dict[str, Any]) -> None:
    manifest["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json"


def spoil_size_vastly(manifest: dict[str, Any]) -> None:
    manifest["layers"][1]["size"] = 1 << 49


def spoil_config_size(manifest: dict[str, Any]) -> None:
    manifest["config"]["size"] = 100 << 20


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (spoil_size, "announces"),
        (spoil_size_vastly, "no space left on device"),
        (spoil_digest, "wrong diff id calculated on extraction"),
        (spoil_count, "rootfs and manifest mismatch"),
        (spoil_config_type, 'Encountered remote "application/vnd.cncf.helm.config.v1+json"'),
        (spoil_config_size, "configuration exceeds"),
    ],
)
def test_manifests_that_lie(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], None], text: str
) -> None:
    async def scenario(it: Pulling) -> None:
        good = it.registry.image("a/b", "v1", LAYERS)
        bad = copy.deepcopy(good)
        spoil(bad)
        it.registry.manifest("a/b", "v1", bad)
        assert text in await it.failure()
        assert await it.becomes_empty()
        it.registry.manifest("a/b", "v1", good)
        assert (await it.pull())[-1]["status"].startswith("Status: Downloaded newer image")

    against(tmp_path, scenario)


def blob_path(manifest: dict[str, Any], layer: int) -> str:
    return f"/v2/a/b/blobs/{manifest['layers'][layer]['digest']}"


@pytest.mark.parametrize("kind", ["other", "garbage", "endless"])
def test_blobs_that_lie(tmp_path: Path, kind: str) -> None:
    async def scenario(it: Pulling) -> None:
        manifest = it.registry.image("a/b", "v1", LAYERS)
        path, size = blob_path(manifest, 1), manifest["layers"][1]["size"]
        replies = {
            "other": Reply(body=gzip.compress(os.urandom(size), 0)[:size]),
            "garbage": Reply(body=os.urandom(size)),
            "endless": Reply(body=os.urandom(1 << 16), length=None, endless=True),
        }
        honest = it.registry.routes[path]
        it.registry.serve(path, replies[kind])
        assert await it.failure() != ""
        assert await it.becomes_empty()
        it.registry.routes[path] = honest
        assert "error" not in (await it.pull())[-1]

    against(tmp_path, scenario)


def serve_layer(registry: FakeRegistry, blob: bytes, diff: bytes) -> None:
    """An image whose only layer's blob is *blob* and is said to hold *diff*."""
    manifest = registry.image("a/b", "v1", [diff])
    row = {**manifest["layers"][0], **registry.blob("a/b", blob)}
    registry.manifest("a/b", "v1", {**manifest, "layers": [row]})


@pytest.mark.parametrize(
    ("blob", "text"),
    [
        (gzip.compress(BIG)[:-9], "cut off"),
        (gzip.compress(BIG[:1000]), ""),
        (b"no archive at all" * 100, ""),
        (gzip.compress(archive({"../../etc/x": b"evil"})), ""),
        # A frame that wants a window of 2 GiB, and one that ends in its header (RFC 8878, 3.1.1).
        (b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + bytes(1000), "damaged zstd stream"),
        (b"\x28\xb5\x2f\xfd\x00", "cut off"),
    ],
)
def test_layers_that_are_damaged_or_hostile(tmp_path: Path, blob: bytes, text: str) -> None:
    async def scenario(it: Pulling) -> None:
        serve_layer(it.registry, blob, BIG)
        failure = await it.failure()
        assert failure and text in failure
        assert await it.becomes_empty() and it.sizes() == []

    against(tmp_path, scenario)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (b"[" * 200_000, "invalid manifest"),
        (b"{}", "unsupported manifest"),
        (b"null", "not an object"),
        (b'{"schemaVersion":1,"fsLayers":[]}', "schema 1"),
        (b'{"x":"' + b"y" * (10 << 20) + b'"}', "exceeds"),
    ],
)
def test_documents_that_are_no_manifest(tmp_path: Path, document: bytes, text: str) -> None:
    async def scenario(it: Pulling) -> None:
        it.registry.manifest("a/b", "v1", document, "application/json")
        assert text in await it.failure()

    against(tmp_path, scenario)


def index(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries)}


def test_indexes_are_chosen_from_and_do_not_nest(tmp_path: Path) -> None:
    async def scenario(it: Pulling) -> None:
        registry = it.registry
        manifest = json.dumps(registry.image("a/b", "one", [SMALL])).encode()
        row = {
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "digest": "sha256:" + hashlib.sha256(manifest).hexdigest(),
            "size": len(manifest),
        }
        noise = {"vnd.docker.reference.type": "attestation-manifest"}
        attestation = {
            **row,
            "digest": "sha256:" + "1" * 64,
            "platform": {"os": "linux", "architecture": "amd64"},
            "annotations": noise,
        }
        here = {**row, "platform": {"os": "linux", "architecture": "amd64"}}
        digest = registry.manifest("a/b", "v1", index(attestation, here))
        messages = await it.pull()
        assert {"status": f"Digest: {digest}"} in messages
        with pytest.raises(BoxshipError, match="no matching manifest for linux/s390x"):
            raise BoxshipError((await it.pull(platform="linux/s390x"))[-1]["error"])
        inner = json.dumps(index(here)).encode()
        registry.manifest("a/b", "inner", inner, OCI_INDEX)
        nested = {
            "mediaType": OCI_INDEX,
            "digest": "sha256:" + hashlib.sha256(inner).hexdigest(),
            "size": len(inner),
            "platform": {"os": "linux", "architecture": "amd64"},
        }
        registry.manifest("a/b", "deep", index(nested))
        assert "an index inside an index" in await it.failure("deep")

    against(tmp_path, scenario)


def test_a_blob_that_breaks_off_is_continued(tmp_path: Path) -> None:
    async def scenario(it: Pulling) -> None:
        manifest = it.registry.image("a/b", "v1", LAYERS)
        path = blob_path(manifest, 1)
        honest = it.registry.routes[path]
        cuts = [1 << 20, 1 << 19]

        def breaking(asked: Asked) -> Reply:
            reply = honest(asked)
            assert isinstance(reply, Reply)
            if cuts:
                reply.cut = cuts.pop()
            return reply

        it.registry.routes[path] = breaking
        assert "error" not in (await it.pull())[-1]
        ranges = [one.headers.get("range") for one in it.registry.asked if one.path == path]
        assert ranges == [None, f"bytes={1 << 19}-", f"bytes={(1 << 19) + (1 << 20)}-"]
        assert it.sizes() == []

    against(tmp_path, scenario)


def test_a_cancelled_pull_is_continued_by_the_next_daemon(tmp_path: Path) -> None:
    half = 1 << 20
    kept: list[int] = []

    async def first(it: Pulling) -> None:
        manifest = it.registry.image("a/b", "v1", LAYERS)
        path = blob_path(manifest, 1)
        honest = it.registry.routes[path]

        def stalling(asked: Asked) -> Reply:
            reply = honest(asked)
            assert isinstance(reply, Reply)
            reply.cut, reply.stall = half, True
            return reply

        it.registry.routes[path] = stalling
        pulling = asyncio.create_task(it.pull())
        # What came last may still be in memory; it is fetched again.
        assert await comes_true(lambda: any(size >= half // 2 for size in it.sizes()))
        pulling.cancel()
        await asyncio.gather(pulling, return_exceptions=True)
        assert await it.becomes_empty()
        kept.append(max(it.sizes()))
        assert half // 2 <= kept[0] <= half

    async def second(it: Pulling) -> None:
        manifest = it.registry.image("a/b", "v1", LAYERS)
        assert "error" not in (await it.pull())[-1]
        asked = [one for one in it.registry.asked if one.path == blob_path(manifest, 1)]
        assert [one.headers.get("range") for one in asked] == [f"bytes={kept[0]}-"]

    against(tmp_path, first)
    against(tmp_path, second)


def test_two_pulls_of_a_layer_share_the_work(tmp_path: Path) -> None:
    async def scenario(it: Pulling) -> None:
        manifest = it.registry.image("a/b", "v1", LAYERS)
        path = blob_path(manifest, 1)
        honest = it.registry.routes[path]
        began = asyncio.Event()
        both = asyncio.Event()

        async def waiting(asked: Asked) -> Reply:
            began.set()
            await both.wait()
            reply = honest(asked)
            assert isinstance(reply, Reply)
            return reply

        it.registry.routes[path] = waiting
        one = asyncio.create_task(it.pull())
        await began.wait()
        other = asyncio.create_task(it.pull())
        await asyncio.sleep(0.3)
        both.set()
        for messages in await asyncio.gather(one, other):
            assert messages[-1]["status"].startswith("Status: ")
        assert len([asked for asked in it.registry.asked if asked.path == path]) == 1

    against(tmp_path, scenario)


def test_a_blob_served_without_ranges(tmp_path: Path) -> None:
    async def scenario(it: Pulling) -> None:
        manifest = it.registry.image("a/b", "v1", LAYERS)
        path = blob_path(manifest, 1)
        packed = gzip.compress(BIG, 1, mtime=0)
        cuts = [1 << 20]

        def whole(asked: Asked) -> Reply:
            return Reply(body=packed, cut=cuts.pop() if cuts else None)

        it.registry.routes[path] = whole
        assert "error" not in (await it.pull())[-1]

    against(tmp_path, scenario)


def test_mirrors_serve_docker_hub_and_may_fail(tmp_path: Path) -> None:
    require_root()

    async def run() -> None:
        async with opened(tmp_path) as store, running() as mirror, running() as empty:
            settings = RegistrySettings(("http://127.0.0.1:1", empty.base, mirror.base))
            empty.serve("/v2/library/box/tags/list", Reply(body=b'{"tags": []}'))
            sharing = Sharing(store.images, settings, lambda *event: None)
            mirror.image("library/box", "latest", [SMALL])
            known = Credentials("me", "secret")
            said = [one async for one in sharing.pull("box", "latest", "linux/amd64", known)]
            assert said[-1] == {"status": "Status: Downloaded newer image for box:latest"}
            assert not any("authorization" in asked.headers for asked in mirror.asked)
            mirror.image("library/box", "other", [SMALL])
            tags = Reply(body=b'{"tags": ["latest", "other"]}')
            mirror.serve("/v2/library/box/tags/list", tags)
            said = [one async for one in sharing.pull("box", "", "linux/amd64", known)]
            assert [one["id"] for one in said if "Pulling from" in one.get("status", "")] == [
                "latest",
                "other",
            ]
            sharing.close()

    asyncio.run(run())
