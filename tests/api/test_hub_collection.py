"""Garbage collection beside pushes: what they need stays, what nobody needs goes."""

import json
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.hub.collector import Collected, collect
from boxship.hub.hub import Hub
from support.hub import OCI_MANIFEST, RunningHub, digest_of, image_manifest, running_hub

NAMES = ("alice/r0", "alice/r1", "alice/r2")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(Path(tmp_path_factory.mktemp("collection")), users=("alice",)) as running:
        yield running


@pytest.fixture
def hub(shared: RunningHub) -> Iterator[RunningHub]:
    yield shared

    async def clear(opened: Hub) -> None:
        for repository in await opened.metadata.repositories("", 100):
            await opened.metadata.remove_repository(repository.name)
        await collect(opened, 0)

    shared.inside(clear)
    assert _files(shared) == 0


def _collect(hub: RunningHub, grace: float, *, untagged: bool = False) -> Collected:
    async def work(opened: Hub) -> Collected:
        return await collect(opened, grace, untagged=untagged)

    return hub.inside(work)


def _age(hub: RunningHub, name: str, digest: str) -> None:
    """Nobody has touched this blob for hours."""

    async def work(opened: Hub) -> None:
        repository = await opened.metadata.repository(name)
        assert repository is not None
        await opened.metadata.touch(repository.id, digest, time.time() - 10_000)

    hub.inside(work)


def _files(hub: RunningHub) -> int:
    return len(list(hub.root.glob("blobs/*/*")))


def test_what_nothing_names_goes(hub: RunningHub) -> None:
    alice = hub.client("alice")
    digest = alice.push_image("alice/x", "v1", b"one", b"two")
    alice.push_blob("alice/x", b"nobody names this")
    assert _collect(hub, 3600).blobs == 0
    assert _collect(hub, 0).blobs == 1
    assert _files(hub) == 3
    for layer in (b"one", b"two"):
        assert alice.ask("GET", f"/v2/alice/x/blobs/{digest_of(layer)}").body == layer
    assert alice.ask("DELETE", f"/v2/alice/x/manifests/{digest}").status == 202
    assert str(_collect(hub, 0)) == "removed 0 uploads, 0 manifests, 3 blobs (3 files)"
    assert _files(hub) == 0


def test_the_command(hub: RunningHub) -> None:
    hub.client("alice").push_blob("alice/x", b"nobody names this")
    assert "0 blobs" in hub.command("gc", "--grace", "600").stdout
    assert "1 blobs (1 files)" in hub.command("gc", "--grace", "0", "--idle").stdout


def test_a_running_upload_keeps_its_repository(hub: RunningHub) -> None:
    alice = hub.client("alice")
    digest = alice.push_blob("alice/x", b"a layer of a push in flight")
    location = alice.begin("alice/x")
    assert _collect(hub, 0).blobs == 0
    assert alice.ask("DELETE", location).status == 204
    assert _collect(hub, 0).blobs == 1
    assert alice.ask("HEAD", f"/v2/alice/x/blobs/{digest}").status == 404


@pytest.mark.parametrize("how", ["asked for", "mounted", "uploaded again"])
def test_a_blob_that_a_push_relies_on_stays(hub: RunningHub, how: str) -> None:
    alice = hub.client("alice")
    digest = alice.push_blob("alice/x", b"old layer")
    other = alice.push_blob("alice/y", b"old layer")
    target = "alice/x" if how != "mounted" else "alice/z"

    for name in ("alice/x", "alice/y"):
        _age(hub, name, digest)
    if how == "asked for":
        assert alice.ask("HEAD", f"/v2/{target}/blobs/{digest}").status == 200
    elif how == "mounted":
        mount = f"/v2/{target}/blobs/uploads/?mount={digest}&from=alice/x"
        assert alice.ask("POST", mount).status == 201
    else:
        alice.push_blob(target, b"old layer")
    assert digest == other and _collect(hub, 3600).blobs >= 1
    content = json.dumps(image_manifest(digest)).encode()
    kind = {"Content-Type": OCI_MANIFEST}
    assert alice.ask("PUT", f"/v2/{target}/manifests/v1", content, kind).status == 201
    assert alice.ask("GET", f"/v2/{target}/blobs/{digest}").body == b"old layer"


def test_untagged_manifests_go_only_when_asked_for(hub: RunningHub) -> None:
    alice = hub.client("alice")
    first = alice.push_image("alice/x", "v1", b"one")
    alice.push_image("alice/x", "v1", b"two")
    assert _collect(hub, 0).manifests == 0
    assert alice.ask("GET", f"/v2/alice/x/manifests/{first}").status == 200
    found = _collect(hub, 0, untagged=True)
    assert (found.manifests, found.blobs) == (1, 1)
    assert alice.ask("GET", f"/v2/alice/x/manifests/{first}").status == 404


def test_old_uploads_go(tmp_path: Path) -> None:
    flags = ("--upload-time", "0", "--collect-every", "0.1")
    with running_hub(tmp_path, *flags, users=("alice",)) as hub:
        alice = hub.client("alice")
        location = alice.begin("alice/x")
        deadline = time.monotonic() + 20
        while alice.ask("GET", location).status != 404:
            assert time.monotonic() < deadline
        assert alice.ask("PATCH", location, b"late").status == 404


def test_pushes_beside_a_collector_that_never_rests(tmp_path: Path) -> None:
    """Four pushers share old layers, remove images, and never meet a blob that is gone."""
    flags = ("--collect-every", "0.01", "--grace", "10")
    with running_hub(tmp_path, *flags, users=("alice",)) as hub:
        failures: list[object] = []
        layers = [bytes([number]) * 50_000 for number in range(6)]
        for name in NAMES:
            for layer in layers:
                _age(hub, name, hub.client("alice").push_blob(name, layer))

        def push(number: int) -> None:
            chance = random.Random(number)
            client = hub.client("alice")
            try:
                for turn in range(8):
                    name, chosen = chance.choice(NAMES), chance.sample(layers, 3)
                    own = {"by": f"{number} {turn}"}
                    digest = client.push_image(name, f"t{number}", *chosen, annotations=own)
                    for layer in chosen:
                        found = client.ask("GET", f"/v2/{name}/blobs/{digest_of(layer)}")
                        assert found.body == layer
                    if turn % 3 == 2:
                        client.ask("DELETE", f"/v2/{name}/manifests/{digest}")
            except BaseException as error:
                failures.append(error)
            finally:
                client.close()

        threads = [threading.Thread(target=push, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert "failed" not in hub.log()
