"""A hub whose disk is full refuses uploads, serves what it has, and goes on when there is room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.hub import RunningHub, digest_of
from support.requirements import require_root, require_tool
from support.waiting import eventually

_SCRIPT = 'mount -t tmpfs -o size=10m,mode=700 none "$0" && exec "$@"'


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    require_root()
    require_tool("unshare", "mount")
    blobs = tmp_path / "hub" / "blobs"
    prefix = ("unshare", "--mount", "sh", "-c", _SCRIPT, str(blobs))
    running = RunningHub(tmp_path / "hub", "--collect-every", "0.2", "--grace", "0", prefix=prefix)
    running.add_user("alice")
    running.start()
    try:
        yield running
    finally:
        running.close()


def test_a_full_disk(hub: RunningHub) -> None:
    alice = hub.client("alice")
    kept = b"k" * 3_000_000
    image = alice.push_image("alice/x", "v1", kept)
    large = b"l" * 9_000_000
    location = alice.begin("alice/x")
    refused = alice.ask("PUT", f"{location}?digest={digest_of(large)}", large)
    assert (refused.status, refused.code) == (507, "BLOB_UPLOAD_INVALID")
    assert alice.ask("GET", f"/v2/alice/x/blobs/{digest_of(kept)}").body == kept
    assert alice.ask("HEAD", f"/v2/alice/x/blobs/{digest_of(large)}").status == 404
    at_once = f"/v2/alice/x/blobs/uploads/?digest={digest_of(large)}"
    assert alice.ask("POST", at_once, large).status == 507
    assert alice.ask("DELETE", location).status == 204
    assert alice.ask("DELETE", f"/v2/alice/x/manifests/{image}").status == 202
    other = b"o" * 8_000_000

    def room() -> bool:
        at_once = f"/v2/alice/y/blobs/uploads/?digest={digest_of(other)}"
        return alice.ask("POST", at_once, other).status == 201

    eventually(room)
    assert alice.ask("GET", f"/v2/alice/y/blobs/{digest_of(other)}").body == other
