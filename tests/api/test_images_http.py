"""The image routes over a real socket: status codes, texts and shapes of dockerd 26.1.5."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from boxship.images.platform import host
from support.image_archives import Image, docker_archive, layer
from support.image_store import TESTS
from support.requirements import require_root
from support.waiting import eventually

BASE = layer(bin_sh="#!", etc_passwd="root")
ONE = Image([BASE], ["one:latest"], host().architecture, {"Labels": {"a": "b"}})
LOOSE = Image([BASE], [], host().architecture)
A64 = "a" * 64


class Connection(http.client.HTTPConnection):
    """HTTP to a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(str(self._path))


class Api:
    def __init__(self, path: Path) -> None:
        self.path = path

    def raw(
        self, method: str, path: str, body: bytes | None = None, version: str = "1.45"
    ) -> tuple[int, str, bytes]:
        connection = Connection(self.path)
        try:
            connection.request(method, f"/v{version}{path}", body)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()
        finally:
            connection.close()

    def __call__(
        self, method: str, path: str, body: bytes | None = None, version: str = "1.45"
    ) -> tuple[int, Any]:
        status, _, data = self.raw(method, path, body, version)
        return status, json.loads(data) if data else None

    def message(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str]:
        status, answer = self(method, path, body)
        return status, answer["message"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    require_root()
    root = tmp_path_factory.mktemp("api")
    path = root / "s"
    with open(root / "log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "support.image_store", str(root), str(path)],
            env={**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent / 'src'}"},
            stderr=log,
        )
    for _ in range(200):
        if path.exists() or process.poll() is not None:
            break
        time.sleep(0.05)
    try:
        yield Api(path)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    log_text = (root / "log").read_text()
    assert "Traceback" not in log_text, log_text


@pytest.fixture
def api(server: Api) -> Iterator[Api]:
    """The server with the image one:latest and nothing else."""
    status, _ = server("POST", "/images/load?quiet=1", docker_archive(ONE))
    assert status == 200
    yield server
    for row in server("GET", "/images/json?all=1")[1]:
        server("DELETE", f"/images/{row['Id']}?force=1")
    assert server("GET", "/images/json?all=1")[1] == []


def test_load(api: Api) -> None:
    status, kind, data = api.raw("POST", "/images/load?quiet=1", docker_archive(ONE))
    assert (status, kind) == (200, "application/json")
    assert json.loads(data) == {"stream": "Loaded image: one:latest\n"}


def test_load_shows_layers_unless_quiet(server: Api) -> None:
    status, _, data = server.raw("POST", "/images/load?quiet=0", docker_archive(ONE))
    first, last = (json.loads(line) for line in data.splitlines())
    assert status == 200
    assert first["status"] == "Loading layer"
    assert first["progressDetail"] == {"current": len(BASE), "total": len(BASE)}
    assert last == {"stream": "Loaded image: one:latest\n"}
    server("DELETE", "/images/one")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"hello\n", "unexpected EOF in a tar header"),
        (BASE, "the archive holds neither manifest.json nor index.json: not an image archive"),
    ],
)
def test_load_of_something_else(api: Api, body: bytes, text: str) -> None:
    told = {"errorDetail": {"message": text}, "error": text}
    assert api("POST", "/images/load", body) == (200, told)


def test_a_client_that_vanishes_leaves_nothing(api: Api) -> None:
    connection = Connection(api.path)
    connection.connect()
    archive = docker_archive(LOOSE)
    head = f"POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: {len(archive)}\r\n\r\n"
    connection.sock.sendall(head.encode() + archive[:-2048])
    staging = api.path.parent / "staging"
    eventually(lambda: list(staging.iterdir()) != [])
    connection.close()
    eventually(lambda: list(staging.iterdir()) == [])
    assert [row["Id"] for row in api("GET", "/images/json?all=1")[1]] == [ONE.id]


def test_import(api: Api) -> None:
    path = "/images/create?fromSrc=-&repo=im&tag=1&changes=CMD+%5B%22x%22%5D&changes=USER+y"
    status, answer = api("POST", path, BASE)
    assert status == 200
    found = api("GET", "/images/im:1/json")[1]
    assert found["Id"] == answer["status"]
    assert (found["Config"]["Cmd"], found["Config"]["User"]) == (["x"], "y")
    assert found["Comment"] == "Imported from -"


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("fromSrc=-&changes=FOO+x", 400, "FOO is not a valid change command"),
        ("fromSrc=-&platform=windows", 400, "operating system is not supported"),
        (
            "fromSrc=-&platform=foo",
            400,
            '"foo": unknown operating system or architecture: invalid argument',
        ),
        (
            "fromSrc=-&repo=X",
            400,
            "invalid reference format: repository name (library/X) must be lowercase",
        ),
        ("", 400, "either fromImage or fromSrc is required"),
        (
            "fromImage=Nope",
            400,
            "invalid reference format: repository name (library/Nope) must be lowercase",
        ),
    ],
)
def test_create_refusals(api: Api, query: str, status: int, text: str) -> None:
    assert api.message("POST", f"/images/create?{query}", BASE) == (status, text)


def test_a_registry_that_is_not_there(api: Api) -> None:
    refused = 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'
    query = "fromImage=127.0.0.1:1/nope&tag=latest"
    assert api.message("POST", f"/images/create?{query}") == (500, refused)
    assert api.message("GET", "/distribution/127.0.0.1:1/nope/json") == (500, refused)


@pytest.mark.parametrize(
    ("name", "status", "text"),
    [
        ("missing", 404, "No such image: missing:latest"),
        ("Missing/x", 404, "No such image: Missing/x:latest"),
        ("a:b:c", 400, "invalid reference format"),
        ("sha256:abc", 404, "No such image: sha256:abc"),
        (A64, 404, f"No such image: sha256:{A64}"),
        (
            "library/X",
            400,
            "invalid reference format: repository name (library/X) must be lowercase",
        ),
        ("localhost:5000/x:y", 404, "No such image: localhost:5000/x:y"),
    ],
)
@pytest.mark.parametrize("verb", ["json", "history"])
def test_looking_for_what_is_not_there(
    api: Api, name: str, status: int, text: str, verb: str
) -> None:
    assert api.message("GET", f"/images/{name}/{verb}") == (status, text)


def test_names_with_slashes_reach_their_image(api: Api) -> None:
    for name in ("docker.io/library/one", "index.docker.io/library/one:latest", ONE.id[7:]):
        assert api("GET", f"/images/{name}/json")[1]["Id"] == ONE.id


def test_tag(api: Api) -> None:
    assert api("POST", "/images/one/tag?repo=reg.test:5000/a/b&tag=c") == (201, None)
    assert api("GET", "/images/reg.test:5000/a/b:c/json")[1]["Id"] == ONE.id
    for query, status, text in (
        (
            "repo=X",
            400,
            "invalid reference format: repository name (library/X) must be lowercase",
        ),
        ("repo=x&tag=b@d", 400, "invalid tag format"),
        (f"repo=x@sha256:{A64}", 400, "cannot import digest reference"),
        ("", 400, "invalid reference format"),
    ):
        assert api.message("POST", f"/images/one/tag?{query}") == (status, text)
    assert api.message("POST", "/images/nope/tag?repo=x") == (404, "No such image: nope:latest")


def test_remove(api: Api) -> None:
    api("POST", "/images/one/tag?repo=two")
    assert api("DELETE", "/images/two") == (200, [{"Untagged": "two:latest"}])
    api("POST", "/images/one/tag?repo=two")
    assert api.message("DELETE", f"/images/{ONE.id}")[0] == 409
    assert api.message("DELETE", "/images/nope?force=1") == (404, "No such image: nope:latest")
    api("DELETE", "/images/two")


@pytest.mark.parametrize(
    ("filters", "status", "text"),
    [
        ('{"x":["y"]}', 400, "invalid filter 'x'"),
        ('{"dangling":["x"]}', 400, "invalid filter 'dangling=[x]'"),
        ('{"before":["nope"]}', 404, "No such image: nope:latest"),
        ("zzz", 400, "invalid filter"),
    ],
)
def test_list_refusals(api: Api, filters: str, status: int, text: str) -> None:
    assert api.message("GET", f"/images/json?filters={filters}") == (status, text)


def test_list_by_version(api: Api) -> None:
    api("POST", "/images/load", docker_archive(LOOSE))
    rows = {row["Id"]: row for row in api("GET", "/images/json")[1]}
    assert rows[LOOSE.id]["RepoTags"] == rows[LOOSE.id]["RepoDigests"] == []
    assert "VirtualSize" not in rows[ONE.id]
    assert rows[ONE.id]["Labels"] == {"a": "b"}
    old = {row["Id"]: row for row in api("GET", "/images/json", version="1.41")[1]}
    assert old[LOOSE.id]["RepoTags"] == ["<none>:<none>"]
    assert old[LOOSE.id]["RepoDigests"] == ["<none>@<none>"]
    assert old[ONE.id]["VirtualSize"] == old[ONE.id]["Size"] == len(b"#!root")
    only = api("GET", "/images/json?filter=one", version="1.40")[1]
    assert [row["Id"] for row in only] == [ONE.id]


def test_save(api: Api) -> None:
    status, kind, first = api.raw("GET", "/images/get?names=one&names=one:latest")
    assert (status, kind) == (200, "application/x-tar")
    assert api.raw("GET", "/images/one/get")[2] == first
    assert api.message("GET", "/images/nope/get") == (404, "No such image: nope")
    assert api.message("GET", "/images/get?names=one&names=nope") == (404, "No such image: nope")
    status, _, nothing = api.raw("GET", "/images/get")
    assert status == 200
    assert b"oci-layout" in nothing


def test_save_and_load_by_platform(api: Api) -> None:
    here = host().architecture
    for wanted, status in ((here, 200), ("s390x", 404)):
        platform = json.dumps({"os": "linux", "architecture": wanted}).replace(" ", "")
        assert api.raw("GET", f"/images/one/get?platform={platform}", version="1.48")[0] == status
        path = f"/images/load?platform={platform}"
        _, _, told = api.raw("POST", path, docker_archive(ONE), version="1.48")
        assert (b"errorDetail" in told) == (status != 200)
    # Versions before that had no such parameter.
    assert api.raw("GET", '/images/one/get?platform={"os":"x"}', version="1.45")[0] == 200
    assert api.raw("GET", '/images/one/get?platform={"os":"x"}', version="1.48")[0] == 400


def test_prune(api: Api) -> None:
    api("POST", "/images/load", docker_archive(LOOSE))
    assert api("POST", "/images/prune") == (
        200,
        {"ImagesDeleted": [{"Deleted": LOOSE.id}], "SpaceReclaimed": 0},
    )
    assert api("POST", "/images/prune") == (200, {"ImagesDeleted": None, "SpaceReclaimed": 0})
    assert api.message("POST", '/images/prune?filters={"x":["y"]}') == (400, "invalid filter 'x'")


def test_refusals_before_a_registry_is_asked(api: Api) -> None:
    _, _, data = api.raw("POST", "/images/nope/push")
    lines = [json.loads(line) for line in data.splitlines()]
    text = "An image does not exist locally with the tag: nope"
    assert lines == [
        {"status": "The push refers to repository [docker.io/library/nope]"},
        {"errorDetail": {"message": text}, "error": text},
    ]
    status, text = api.message("GET", "/images/search?term=x")
    assert status == 500
    assert text.startswith('Get "https://index.docker.io/v1/search?')
