"""Every line of the endpoint table of OCI distribution-spec 1.1, with its statuses."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.hub import (
    OCI_INDEX,
    OCI_MANIFEST,
    HubClient,
    RunningHub,
    digest_of,
    image_manifest,
    running_hub,
)

MISSING = digest_of(b"nobody has this")
_numbers = itertools.count()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(Path(tmp_path_factory.mktemp("endpoints"))) as running:
        yield running


@pytest.fixture(scope="module")
def alice(hub: RunningHub) -> Iterator[HubClient]:
    client = hub.client("alice")
    yield client
    client.close()


@pytest.fixture
def name() -> str:
    """A repository that no other test uses."""
    return f"alice/r{next(_numbers)}"


def test_end_1_says_that_this_is_a_registry(hub: RunningHub, alice: HubClient) -> None:
    assert alice.ask("GET", "/v2/").status == 200
    refused = hub.client().ask("GET", "/v2/")
    assert refused.status == 401 and refused.code == "UNAUTHORIZED"
    assert refused.headers["docker-distribution-api-version"] == "registry/2.0"
    assert refused.headers["www-authenticate"].startswith(f'Bearer realm="http://{hub.host}/token"')


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_end_2_blobs(alice: HubClient, name: str, algorithm: str) -> None:
    digest = alice.push_blob(name, b"content", algorithm)
    found = alice.ask("GET", f"/v2/{name}/blobs/{digest}")
    assert (found.status, found.body) == (200, b"content")
    assert found.headers["docker-content-digest"] == digest
    head = alice.ask("HEAD", f"/v2/{name}/blobs/{digest}")
    assert (head.status, head.headers["content-length"], head.body) == (200, "7", b"")
    for method in ("GET", "HEAD"):
        assert alice.ask(method, f"/v2/{name}/blobs/{MISSING}").status == 404


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("bytes=0-2", 206, b"con"),
        ("bytes=2-", 206, b"ntent"),
        ("bytes=-3", 206, b"ent"),
        ("bytes=5-100", 206, b"nt"),
        ("bytes=7-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=3-1", 200, b"content"),
        ("bytes=0-1,3-4", 200, b"content"),
        ("lines=1-2", 200, b"content"),
    ],
)
def test_end_2_ranges(
    alice: HubClient, name: str, asked: str, status: int, body: bytes | None
) -> None:
    digest = alice.push_blob(name, b"content")
    found = alice.ask("GET", f"/v2/{name}/blobs/{digest}", headers={"Range": asked})
    assert found.status == status
    if body is None:
        assert found.headers["content-range"] == "bytes */7"
    else:
        assert found.body == body


def test_end_2_ranges_and_conditions(alice: HubClient, name: str) -> None:
    digest = alice.push_blob(name, b"content")
    path = f"/v2/{name}/blobs/{digest}"
    part = alice.ask("GET", path, headers={"Range": "bytes=1-3", "If-Range": f'"{digest}"'})
    assert (part.status, part.headers["content-range"]) == (206, "bytes 1-3/7")
    whole = alice.ask("GET", path, headers={"Range": "bytes=1-3", "If-Range": '"other"'})
    assert (whole.status, whole.body) == (200, b"content")
    known = alice.ask("GET", path, headers={"If-None-Match": f'"{digest}"'})
    assert (known.status, known.body) == (304, b"")


def test_end_3_manifests(alice: HubClient, name: str) -> None:
    digest = alice.push_image(name, "v1", b"layer")
    for reference in ("v1", digest):
        found = alice.ask("GET", f"/v2/{name}/manifests/{reference}")
        assert found.status == 200 and digest_of(found.body) == digest
        assert found.headers["content-type"] == OCI_MANIFEST
        head = alice.ask("HEAD", f"/v2/{name}/manifests/{reference}")
        assert head.status == 200 and head.body == b""
        assert head.headers["content-length"] == str(len(found.body))
        assert head.headers["docker-content-digest"] == digest
    for reference in ("v2", MISSING):
        for method in ("GET", "HEAD"):
            assert alice.ask(method, f"/v2/{name}/manifests/{reference}").status == 404


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (OCI_MANIFEST, 200),
        (f"{OCI_INDEX}, {OCI_MANIFEST};q=0.5", 200),
        ("application/*", 200),
        ("*/*", 200),
        (OCI_INDEX, 404),
        (f"{OCI_MANIFEST};q=0, {OCI_INDEX}", 404),
    ],
)
def test_end_3_gives_what_is_accepted(
    alice: HubClient, name: str, accept: str, status: int
) -> None:
    alice.push_image(name, "v1", b"layer")
    found = alice.ask("GET", f"/v2/{name}/manifests/v1", headers={"Accept": accept})
    assert found.status == status


def test_end_4a_begins_an_upload(hub: RunningHub, alice: HubClient, name: str) -> None:
    begun = alice.ask("POST", f"/v2/{name}/blobs/uploads/")
    assert begun.status == 202 and begun.headers["location"].startswith(f"/v2/{name}/blobs/upl")
    assert begun.headers["range"] == "0-0"
    assert hub.client("bob").ask("POST", f"/v2/{name}/blobs/uploads/").status in (403, 404)


def test_end_4b_takes_a_blob_at_once(alice: HubClient, name: str) -> None:
    digest = digest_of(b"content")
    put = alice.ask("POST", f"/v2/{name}/blobs/uploads/?digest={digest}", b"content")
    assert put.status == 201 and put.headers["location"] == f"/v2/{name}/blobs/{digest}"
    assert alice.ask("GET", f"/v2/{name}/blobs/{digest}").body == b"content"
    wrong = alice.ask("POST", f"/v2/{name}/blobs/uploads/?digest={MISSING}", b"content")
    assert (wrong.status, wrong.code) == (400, "DIGEST_INVALID")
    malformed = alice.ask("POST", f"/v2/{name}/blobs/uploads/?digest=sha256:1", b"content")
    assert (malformed.status, malformed.code) == (400, "DIGEST_INVALID")


def test_end_5_chunks(alice: HubClient, name: str) -> None:
    location = alice.begin(name)
    first = alice.ask("PATCH", location, b"0123456789", {"Content-Range": "0-9"})
    assert (first.status, first.headers["range"]) == (202, "0-9")
    for wrong in ("0-9", "12-21"):
        out = alice.ask("PATCH", location, b"0123456789", {"Content-Range": wrong})
        assert (out.status, out.headers["range"]) == (416, "0-9")
    second = alice.ask("PATCH", first.headers["location"], b"abc", {"Content-Range": "10-12"})
    assert (second.status, second.headers["range"]) == (202, "0-12")
    digest = digest_of(b"0123456789abcdef")
    last = {"Content-Range": "13-15"}
    done = alice.ask("PUT", f"{second.headers['location']}?digest={digest}", b"def", last)
    assert done.status == 201
    assert alice.ask("GET", f"/v2/{name}/blobs/{digest}").body == b"0123456789abcdef"
    assert alice.ask("PATCH", location, b"more").status == 404


def test_end_6_ends_an_upload(alice: HubClient, name: str) -> None:
    location = alice.begin(name)
    digest = digest_of(b"content", "sha512")
    assert alice.ask("PATCH", location, b"con").status == 202
    assert alice.ask("PUT", location, b"tent").status == 400
    done = alice.ask("PUT", f"{location}?digest={digest}", b"tent")
    assert done.status == 201 and done.headers["location"] == f"/v2/{name}/blobs/{digest}"
    assert alice.ask("PUT", f"{location}?digest={digest}").status == 404
    wrong = alice.ask("PUT", f"{alice.begin(name)}?digest={MISSING}", b"content")
    assert (wrong.status, wrong.code) == (400, "DIGEST_INVALID")


def test_end_7_keeps_a_manifest(alice: HubClient, name: str) -> None:
    config = alice.push_blob(name, b"{}")
    content = json.dumps(image_manifest(config)).encode()
    kind = {"Content-Type": OCI_MANIFEST}
    for reference in ("v1", digest_of(content), digest_of(content, "sha512")):
        put = alice.ask("PUT", f"/v2/{name}/manifests/{reference}", content, kind)
        digest = reference if ":" in reference else digest_of(content)
        assert put.status == 201 and put.headers["docker-content-digest"] == digest
        assert put.headers["location"] == f"/v2/{name}/manifests/{digest}"
        assert alice.ask("GET", f"/v2/{name}/manifests/{reference}").body == content
    absent = json.dumps(image_manifest(MISSING)).encode()
    refused = alice.ask("PUT", f"/v2/{name}/manifests/v2", absent, kind)
    assert (refused.status, refused.code) == (404, "MANIFEST_BLOB_UNKNOWN")
    large = alice.ask("PUT", f"/v2/{name}/manifests/v2", bytes((4 << 20) + 1), kind)
    assert (large.status, large.code) == (413, "MANIFEST_INVALID")
    assert alice.ask("HEAD", f"/v2/{name}/manifests/v2").status == 404


def test_end_8a_lists_tags(alice: HubClient, name: str) -> None:
    config = alice.push_blob(name, b"{}")
    for tag in ("v10", "V2", "latest", "v1"):
        alice.push_manifest(name, tag, image_manifest(config))
    found = alice.ask("GET", f"/v2/{name}/tags/list")
    assert found.json == {"name": name, "tags": ["latest", "v1", "v10", "V2"]}
    assert alice.ask("GET", f"/v2/{name}/absent/tags/list").status == 404


def test_end_8b_lists_tags_in_pages(alice: HubClient, name: str) -> None:
    config = alice.push_blob(name, b"{}")
    for tag in "abBcd":
        alice.push_manifest(name, tag, image_manifest(config))
    path, pages = f"/v2/{name}/tags/list?n=2", []
    while path:
        found = alice.ask("GET", path)
        pages.append(found.json["tags"])
        path = found.headers.get("link", "<>").partition(">")[0][1:]
    assert pages == [["a", "B"], ["b", "c"], ["d"]]
    assert alice.ask("GET", f"/v2/{name}/tags/list?n=0").json["tags"] == []
    assert alice.ask("GET", f"/v2/{name}/tags/list?last=c").json["tags"] == ["d"]
    for wrong in ("-1", "x", "9" * 30):
        assert alice.ask("GET", f"/v2/{name}/tags/list?n={wrong}").status == 400


def test_end_9_removes_tags_and_manifests(alice: HubClient, name: str) -> None:
    digest = alice.push_image(name, "v1", b"layer")
    alice.push_image(name, "v2", b"layer")
    assert alice.ask("DELETE", f"/v2/{name}/manifests/v1").status == 202
    assert alice.ask("GET", f"/v2/{name}/manifests/v1").status == 404
    assert alice.ask("GET", f"/v2/{name}/manifests/v2").status == 200
    assert alice.ask("DELETE", f"/v2/{name}/manifests/{digest}").status == 202
    assert alice.ask("GET", f"/v2/{name}/manifests/v2").status == 404
    assert alice.ask("GET", f"/v2/{name}/tags/list").json["tags"] == []
    for reference in ("v1", digest):
        assert alice.ask("DELETE", f"/v2/{name}/manifests/{reference}").status == 404
    assert alice.ask("DELETE", f"/v2/{name}/manifests/sha256:1").status == 400


def test_end_10_removes_blobs(alice: HubClient, name: str) -> None:
    digest = alice.push_blob(name, b"shared")
    other = f"{name}/other"
    alice.push_blob(other, b"shared")
    assert alice.ask("DELETE", f"/v2/{name}/blobs/{digest}").status == 202
    assert alice.ask("GET", f"/v2/{name}/blobs/{digest}").status == 404
    assert alice.ask("DELETE", f"/v2/{name}/blobs/{digest}").status == 404
    assert alice.ask("GET", f"/v2/{other}/blobs/{digest}").body == b"shared"


def test_end_11_mounts(hub: RunningHub, alice: HubClient, name: str) -> None:
    digest = alice.push_blob(name, b"to mount")
    target = f"{name}/target"
    mount = f"/v2/{target}/blobs/uploads/?mount={digest}"
    found = alice.ask("POST", f"{mount}&from={name}")
    assert (found.status, found.headers["location"]) == (201, f"/v2/{target}/blobs/{digest}")
    assert alice.ask("GET", f"/v2/{target}/blobs/{digest}").body == b"to mount"
    anywhere = alice.ask("POST", f"/v2/{name}/second/blobs/uploads/?mount={digest}")
    assert anywhere.status == 201
    unknown = alice.ask("POST", f"/v2/{target}/blobs/uploads/?mount={MISSING}&from={name}")
    assert unknown.status == 202 and "/blobs/uploads/" in unknown.headers["location"]
    hidden = hub.client("bob").ask("POST", f"/v2/bob/x/blobs/uploads/?mount={digest}&from={name}")
    assert hidden.status == 202, "what bob may not pull he may not mount"


def test_end_12_lists_referrers(alice: HubClient, name: str) -> None:
    subject = alice.push_image(name, "v1", b"layer")
    assert alice.ask("GET", f"/v2/{name}/referrers/{MISSING}").json["manifests"] == []
    described = {"mediaType": OCI_MANIFEST, "digest": subject, "size": 1}
    config = alice.push_blob(name, b"{}")
    pushed = {}
    for kind in ("application/a", "application/b"):
        document = image_manifest(
            config, artifactType=kind, subject=described, annotations={"k": kind}
        )
        content = json.dumps(document).encode()
        put = alice.ask(
            "PUT",
            f"/v2/{name}/manifests/{digest_of(content)}",
            content,
            {"Content-Type": OCI_MANIFEST},
        )
        assert put.headers["oci-subject"] == subject
        pushed[kind] = digest_of(content)
    found = alice.ask("GET", f"/v2/{name}/referrers/{subject}")
    assert (found.status, found.headers["content-type"]) == (200, OCI_INDEX)
    listed = {each["artifactType"]: each for each in found.json["manifests"]}
    assert {kind: each["digest"] for kind, each in listed.items()} == pushed
    assert listed["application/a"]["annotations"] == {"k": "application/a"}
    one = alice.ask("GET", f"/v2/{name}/referrers/{subject}?artifactType=application/b")
    assert [each["digest"] for each in one.json["manifests"]] == [pushed["application/b"]]
    assert one.headers["oci-filters-applied"] == "artifactType"
    assert alice.ask("GET", f"/v2/{name}/referrers/sha256:1").status == 400


def test_end_13_tells_how_far_an_upload_is(alice: HubClient, name: str) -> None:
    location = alice.begin(name)
    assert alice.ask("PATCH", location, b"0123456789").status == 202
    found = alice.ask("GET", location)
    assert (found.status, found.headers["range"]) == (204, "0-9")
    assert found.headers["location"] == location
    assert alice.ask("GET", f"/v2/{name}/blobs/uploads/{'0' * 32}").status == 404


def test_end_14_cancels_an_upload(alice: HubClient, name: str) -> None:
    location = alice.begin(name)
    assert alice.ask("PATCH", location, b"0123456789").status == 202
    assert alice.ask("DELETE", location).status == 204
    assert alice.ask("GET", location).status == 404
    assert alice.ask("DELETE", location).status == 404
