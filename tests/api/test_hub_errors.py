"""Every error code of OCI distribution-spec 1.1, provoked; and input that means harm."""

import base64
import json
import select
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boxship.oci.distribution.errors import CODES
from support.hub import (
    OCI_INDEX,
    OCI_MANIFEST,
    Answer,
    HubClient,
    RunningHub,
    digest_of,
    image_manifest,
    running_hub,
)
from support.waiting import eventually

MISSING = digest_of(b"nobody has this")
NAME = "alice/errors"
KIND = {"Content-Type": OCI_MANIFEST}
LIMIT = 3_000_000


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    directory = Path(tmp_path_factory.mktemp("errors"))
    with running_hub(directory, "--blob-limit", str(LIMIT)) as running:
        yield running


@pytest.fixture(scope="module")
def alice(hub: RunningHub) -> Iterator[HubClient]:
    client = hub.client("alice")
    client.push_image(NAME, "v1", b"layer")
    yield client
    client.close()


def _manifest(client: HubClient, document: Any, reference: str = "bad") -> Answer:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return client.ask("PUT", f"/v2/{NAME}/manifests/{reference}", content, KIND)


def _too_many_logins(client: HubClient) -> Answer:
    basic = base64.b64encode(b"nobody:wrong").decode()
    for _ in range(6):
        answer = client.once("GET", "/token", headers={"Authorization": f"Basic {basic}"})
    return answer


def _of_another_user(client: HubClient) -> Answer:
    return client.hub.client("bob").ask("GET", f"/v2/{NAME}/tags/list")


def _without_login(client: HubClient) -> Answer:
    return client.hub.client().ask("GET", f"/v2/{NAME}/tags/list")


def _wrong_chunk(client: HubClient) -> Answer:
    return client.ask("PATCH", client.begin(NAME), b"x", {"Content-Range": "bytes 0-0"})


def _short_chunk(client: HubClient) -> Answer:
    return client.ask("PATCH", client.begin(NAME), b"x", {"Content-Range": "0-9"})


PROVOKED: dict[str, tuple[int, Callable[[HubClient], Answer]]] = {
    "BLOB_UNKNOWN": (404, lambda c: c.ask("GET", f"/v2/{NAME}/blobs/{MISSING}")),
    "BLOB_UPLOAD_INVALID": (400, _wrong_chunk),
    "BLOB_UPLOAD_UNKNOWN": (404, lambda c: c.ask("PATCH", f"/v2/{NAME}/blobs/uploads/x", b"x")),
    "DIGEST_INVALID": (400, lambda c: c.ask("GET", f"/v2/{NAME}/blobs/sha256:xyz")),
    "MANIFEST_BLOB_UNKNOWN": (404, lambda c: _manifest(c, image_manifest(MISSING))),
    "MANIFEST_INVALID": (400, lambda c: _manifest(c, b"{")),
    "MANIFEST_UNKNOWN": (404, lambda c: c.ask("GET", f"/v2/{NAME}/manifests/none")),
    "NAME_INVALID": (400, lambda c: c.ask("GET", "/v2/UPPER/tags/list")),
    "NAME_UNKNOWN": (404, lambda c: c.ask("GET", "/v2/alice/nothing/tags/list")),
    "SIZE_INVALID": (400, _short_chunk),
    "UNAUTHORIZED": (401, _without_login),
    "DENIED": (403, _of_another_user),
    "UNSUPPORTED": (405, lambda c: c.ask("PUT", f"/v2/{NAME}/tags/list", b"")),
    "TOOMANYREQUESTS": (429, _too_many_logins),
}


def test_all_codes_are_provoked_here() -> None:
    assert set(PROVOKED) == set(CODES)


@pytest.mark.parametrize("code", PROVOKED)
def test_error_codes(alice: HubClient, code: str) -> None:
    status, provoke = PROVOKED[code]
    answer = provoke(alice)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["errors"][0]["message"]


def _nested(depth: int) -> bytes:
    return b'{"schemaVersion":2,"config":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"


INVALID = [
    b"",
    b"\xff\xfe",
    b"[]",
    b"null",
    _nested(600_000),
    b"[" * 3_000_000,
    json.dumps({**image_manifest(MISSING), "schemaVersion": 1}).encode(),
    json.dumps({**image_manifest(MISSING), "mediaType": OCI_INDEX}).encode(),
    json.dumps({**image_manifest(MISSING), "layers": [{"digest": "sha256:1"}]}).encode(),
    json.dumps({**image_manifest("md5:" + "0" * 32)}).encode(),
    json.dumps({**image_manifest("../../../etc/passwd")}).encode(),
    json.dumps({**image_manifest(MISSING), "manifests": [{"digest": MISSING}]}).encode(),
    json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST}).encode(),
    json.dumps({**image_manifest(MISSING), "annotations": {"a": {}}}).encode(),
    json.dumps({**image_manifest(MISSING)}).replace('"size": 37', '"size": -1').encode(),
    json.dumps({**image_manifest(MISSING)}).replace('"size": 37', '"size": 1e300').encode(),
]


@pytest.mark.parametrize("content", INVALID, ids=range(len(INVALID)))
def test_manifests_that_are_none(alice: HubClient, content: bytes) -> None:
    answer = _manifest(alice, content)
    assert (answer.status, answer.code) == (400, "MANIFEST_INVALID")
    assert len(answer.body) < 2000
    assert alice.ask("HEAD", f"/v2/{NAME}/manifests/bad").status == 404


def test_ten_megabytes_of_json(alice: HubClient) -> None:
    answer = _manifest(alice, b'{"a":"' + b"x" * (10 << 20) + b'"}')
    assert (answer.status, answer.code) == (413, "MANIFEST_INVALID")


def test_a_manifest_under_a_digest_that_is_not_its_own(alice: HubClient) -> None:
    config = alice.push_blob(NAME, b"{}")
    answer = _manifest(alice, image_manifest(config), MISSING)
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")


def test_an_index_of_what_is_not_here(alice: HubClient) -> None:
    entry = {"mediaType": OCI_MANIFEST, "digest": MISSING, "size": 5}
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
    path = f"/v2/{NAME}/manifests/index"
    answer = alice.ask("PUT", path, json.dumps(document).encode(), {"Content-Type": OCI_INDEX})
    assert (answer.status, answer.code) == (404, "MANIFEST_BLOB_UNKNOWN")
    assert answer.json["errors"][0]["detail"] == {"digest": MISSING}


@pytest.mark.parametrize(
    "path",
    [
        "/v2/../../etc/passwd/tags/list",
        "/v2/..%2f..%2fetc/tags/list",
        "/v2/alice/../bob/tags/list",
        "/v2/alice//x/tags/list",
        "/v2/alice/%00/tags/list",
        "/v2/alice/x%0d%0aX:y/tags/list",
        f"/v2/{'a' * 300}/tags/list",
        "/v2/alice/-/tags/list",
    ],
)
def test_names_that_are_none(alice: HubClient, path: str) -> None:
    answer = alice.ask("GET", path)
    assert (answer.status, answer.code) == (400, "NAME_INVALID")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/v2/{NAME}/manifests/..", 400),
        (f"/v2/{NAME}/manifests/%2e%2e%2fv1", 404),
        (f"/v2/{NAME}/blobs/..%2f..%2fhub.sqlite", 400),
        (f"/v2/{NAME}/blobs/sha256:..%2f..%2fhub.sqlite", 400),
        (f"/v2/{NAME}/blobs/uploads/..%2f..%2fhub.sqlite", 404),
        ("/static/..%2fpage.py", 404),
        ("/static/hub.css/../../page.py", 404),
        ("/%ff", 400),
        ("/v2/%c0%ae/tags/list", 400),
    ],
)
def test_paths_that_climb(alice: HubClient, path: str, status: int) -> None:
    answer = alice.ask("GET", path)
    assert answer.status in (status, 400, 404) and b"SQLite" not in answer.body
    assert b"import" not in answer.body


def _stored(hub: RunningHub) -> list[int]:
    """The sizes of all files of the blob store."""
    return sorted(each.stat().st_size for each in hub.root.glob("blobs/*/*"))


def test_blobs_that_are_too_large(hub: RunningHub, alice: HubClient) -> None:
    before = _stored(hub)
    digest = digest_of(bytes(LIMIT + 1))
    announced = alice.ask("POST", f"/v2/{NAME}/blobs/uploads/?digest={digest}", bytes(LIMIT + 1))
    assert (announced.status, announced.code) == (413, "SIZE_INVALID")
    location = alice.begin(NAME)
    assert alice.ask("PATCH", location, b"x" * 1000).status == 202
    assert alice.ask("PATCH", location, bytes(LIMIT)).status == 413
    assert alice.ask("GET", location).headers["range"] == "0-999"
    assert alice.ask("DELETE", location).status == 204
    assert _stored(hub) == before


def _raw(
    hub: RunningHub, client: HubClient, path: str, *headers: str, method: str = "POST"
) -> socket.socket:
    """A connection with a request that is still open."""
    token = client.tokens[client.kind_of(method, path)]
    lines = [f"{method} {path} HTTP/1.1", "Host: h", f"Authorization: Bearer {token}", *headers]
    sock = socket.create_connection(("127.0.0.1", hub.port), 10)
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    return sock


def test_a_body_without_end(hub: RunningHub, alice: HubClient) -> None:
    before = _stored(hub)
    alice.begin(NAME)
    sock = _raw(
        hub, alice, f"/v2/{NAME}/blobs/uploads/?digest={MISSING}", "Transfer-Encoding: chunked"
    )
    piece = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    with sock:
        while not select.select([sock], [], [], 0)[0]:
            sock.sendall(piece)
        assert sock.recv(100).startswith(b"HTTP/1.1 413 ")
    eventually(lambda: _stored(hub) == before)


def test_a_body_that_ends_early(hub: RunningHub, alice: HubClient) -> None:
    alice.begin(NAME)
    before = _stored(hub)
    digest = digest_of(b"x" * 1000)
    path = f"/v2/{NAME}/blobs/uploads/?digest={digest}"
    sock = _raw(hub, alice, path, "Content-Length: 1000")
    sock.sendall(b"x" * 500)
    gone = hub.log().count(" 499\n")
    sock.close()
    eventually(lambda: hub.log().count(" 499\n") > gone)
    assert _stored(hub) == before
    assert alice.ask("HEAD", f"/v2/{NAME}/blobs/{digest}").status == 404


def test_wrong_content_leaves_nothing(hub: RunningHub, alice: HubClient) -> None:
    before = _stored(hub)
    for path in (alice.begin(NAME), f"/v2/{NAME}/blobs/uploads/"):
        method = "PUT" if path[-1] != "/" else "POST"
        assert alice.ask(method, f"{path}?digest={MISSING}", b"y" * 70_000).status == 400
    assert _stored(hub) == before


def test_two_at_once_on_one_upload(hub: RunningHub, alice: HubClient) -> None:
    location = alice.begin(NAME)
    first = _raw(hub, alice, location, "Content-Length: 2000000", method="PATCH")
    first.sendall(bytes(1_500_000))
    eventually(lambda: alice.ask("GET", location).headers["range"] != "0-0")
    second = alice.ask("PATCH", location, b"x")
    assert (second.status, second.code) == (409, "BLOB_UPLOAD_INVALID")
    first.close()
    eventually(lambda: alice.ask("GET", location).headers["range"] == "0-1499999")
    assert alice.ask("PATCH", location, b"x").headers["range"] == "0-1500000"
    assert alice.ask("DELETE", location).status == 204


def test_memory_stays_bounded(hub: RunningHub, alice: HubClient) -> None:
    """After all of the above the process has not grown beyond what it needs."""
    alice.ask("GET", "/v2/")
    status = Path(f"/proc/{hub.pid}/status").read_text()
    peak = int(next(line.split()[1] for line in status.splitlines() if "VmHWM" in line))
    assert peak < 250_000
