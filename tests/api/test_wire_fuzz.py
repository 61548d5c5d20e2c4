"""No input makes the server fail, hang, or stop serving others."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxship.api.handlers.build.build import HANDED_OVER, UPGRADE
from boxship.api.routes import ROUTES
from boxship.api.server import App
from boxship.wire.http2 import frames
from boxship.wire.limits import Limits
from support.serving import Serving, serving
from support.system_engine import BuildingEngine

# The routes that need no more of an engine than the handlers of the system and of builds do.
ROWS = [
    route
    for route in ROUTES
    if re.match(r"/(_ping|version|info|events|system|plugins|swarm|nodes|services|tasks"
                r"|secrets|configs|build|session|grpc)", route.pattern)
]  # fmt: skip
REFUSALS = {501, 503}
NOISE = st.binary(max_size=60)
TOKEN = st.text(alphabet="abcXYZ019-_.~%/:@ \u00e9\u0663\x00\r\n\"'{}[]\\", max_size=20)
QUERY_NAMES = ["filters", "since", "until", "type", "version", "id", "all", "timeout", "h", "%"]
QUERY_NAMES += ["t", "buildargs", "labels", "cachefrom", "ulimits", "memory", "remote", "version"]
QUERY_NAMES += ["outputs", "isolation", "keep-storage", "extrahosts", "platform"]
VALUES = st.one_of(
    TOKEN,
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(
        ["", "null", "{", "[]", '{"event":["x"]}', '{"type":{"image":true}}', "9" * 500]
    ),
)
_HANDED_OVER = f"Content-Type: {HANDED_OVER}\r\nConnection: Upgrade\r\nUpgrade: {UPGRADE}"
_SESSION = "X-Docker-Expose-Session"
HEADERS = st.lists(
    st.sampled_from(
        [
            "Connection: close", "Connection: Upgrade", "Upgrade: tcp", "Upgrade: websocket",
            "Expect: 100-continue", "Expect: nonsense", "Content-Type: application/json",
            "Content-Type: text/plain", "Content-Type:", "Transfer-Encoding: chunked",
            "Transfer-Encoding: identity", "Content-Length: 5", "Content-Length: x", "Host: e",
            "Sec-WebSocket-Version: 13", "X: " + "y" * 3000, "broken", ": empty", "A\x01: b",
            "Connection: Upgrade\r\nUpgrade: h2c", _HANDED_OVER, "X-Registry-Config: W10=",
            f"{_SESSION}-Uuid: one", f"{_SESSION}-Grpc-Method: /a/b, ,", f"{_SESSION}-Sharedkey: k",
        ]
    ),
    max_size=4,
)  # fmt: skip
GIVEN: list[dict[str, Any]] = [
    {},
    {"Descriptors": -1},
    {"Descriptors": 1 << 40},
    {"Definition": {"Text": "FROM scratch"}, "Stores": {"a": 5}, "Secrets": {"s": "!"}},
]
BODIES = st.one_of(
    NOISE,
    st.sampled_from(
        [
            b"",
            b"{}",
            b"null",
            b"[]",
            b'{"username":5}',
            b"5\r\nhello\r\n0\r\n\r\n",
            b"[" * 5000,
            frames.PREFACE + frames.settings({}),
            frames.PREFACE + bytes(40),
            *(json.dumps({"Attributes": {}, **members}).encode() for members in GIVEN),
        ]
    ),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    directory = tmp_path_factory.mktemp("fuzz")
    # A body that never comes would hold the test up; half-closed clients cannot send it any more.
    with serving(
        App(BuildingEngine(directory)), directory, Limits(head_time=2, body_time=2)
    ) as running:
        yield running


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    route = draw(st.sampled_from(ROWS))
    method = draw(st.sampled_from([route.method, route.method, "GET", "OPTIONS", "HEAD", "TRACE"]))
    version = draw(st.sampled_from(["", "/v1.24", "/v1.51", "/v1.99", "/v..", "/v1." + "9" * 30]))
    path = re.sub(r"\{\w+(:path)?\}", lambda _: draw(TOKEN), route.pattern)
    pairs = draw(st.lists(st.tuples(st.sampled_from(QUERY_NAMES), VALUES), max_size=3))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    if "events" in path and method == "GET":
        query = f"until=1&{query}"  # otherwise it goes on
    headers = "".join(f"{line}\r\n" for line in draw(HEADERS))
    head = f"{method} {version}{path}?{query} HTTP/1.1\r\nHost: d\r\n{headers}\r\n"
    return head.encode("utf-8", "replace") + draw(BODIES)


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"(?:^|\r\n|\n|OK)HTTP/1\.1 (\d{3}) ", answer)]


def check(server: Serving, data: bytes) -> None:
    for status in statuses(server.exchange(data)):
        assert status < 500 or status in REFUSALS
    assert server.exchange(b"GET /_ping HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nOK")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(requests(), min_size=1, max_size=3))
def test_almost_valid_requests(server: Serving, pipelined: list[bytes]) -> None:
    check(server, b"".join(pipelined))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(NOISE, requests().map(lambda data: data[: len(data) // 2])), max_size=4))
def test_noise_and_cut_off_requests(server: Serving, pieces: list[bytes]) -> None:
    check(server, b"".join(pieces))


def test_nothing_is_left_behind(server: Serving) -> None:
    for _ in range(3):
        server.exchange(b"POST /auth HTTP/1.1\r\nHost: d\r\nContent-Length: 9\r\n\r\n")
    assert server.exchange(b"GET /_ping HTTP/1.0\r\n\r\n").endswith(b"OK")
    assert server.call(lambda: len(server.server.connections)) == 0
