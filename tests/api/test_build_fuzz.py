"""Any request about builds, and any Dockerfile: an answer, and a daemon that is well.

Some refusals are answered with status 500, as dockerd does: those say what is wrong all the same.
"""

import re
import socket
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxship.api.handlers.build.build import HANDED_OVER, UPGRADE
from boxship.wire.grpc.server import Call
from boxship.wire.grpc.status import GrpcError
from support import engines
from support.buildkit_session import build, send_files
from support.contexts import context
from support.dockerfiles import DOCKERFILES

_QUERY = st.lists(
    st.tuples(
        st.sampled_from(
            ["dockerfile", "t", "target", "buildargs", "labels", "cachefrom", "platform", "remote",
             "memory", "shmsize", "ulimits", "networkmode", "extrahosts", "securityopt", "nocache",
             "rm", "q", "squash", "version", "outputs", "cgroupparent", "cpusetcpus", "isolation",
             "filters", "keep-storage", "all", "id", "pull", "memswap", "cpuquota", "buildid"]
        ),
        st.sampled_from(
            ["", "1", "-1", "9" * 40, "null", "{}", "[]", "[1]", '{"a":null}', '{"a":1}', "UPPER",
             "[" * 3000, '{"until":["x"]}', '{"until":{"1h":true}}', "../../etc", "/etc/passwd",
             "a:b:c", "\x00", "\n", "é", "linux/amd64", "windows/x/y/z", "host", "ns:/x",
             "a=b", "[::1]:2", "http://127.0.0.1:1/x", "git://127.0.0.1/x", "client-session", "2",
             '[{"Name":"nofile","Soft":-1,"Hard":"x"}]', "label=disable", "seccomp=/none", "0-9999"]
        ),
    ),
    max_size=4,
)  # fmt: skip
_HEADERS = st.lists(
    st.sampled_from(
        ["Content-Type: application/x-tar", f"Content-Type: {HANDED_OVER}",
         f"Content-Type: {HANDED_OVER}\r\nConnection: Upgrade\r\nUpgrade: {UPGRADE}",
         "X-Registry-Config: e30=", "X-Registry-Config: !!", "X-Registry-Config: " + "W1" * 500,
         "Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket", "Upgrade: h2c, tcp",
         "X-Docker-Expose-Session-Uuid: one", "X-Docker-Expose-Session-Uuid:",
         "X-Docker-Expose-Session-Grpc-Method: /moby.filesync.v1.FileSync/DiffCopy, ,",
         "Expect: 100-continue"]
    ),
    max_size=4,
)  # fmt: skip
_BODIES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(
        [b"", b"{}", b'{"Attributes":{}}', b'{"Attributes":{},"Descriptors":-1}', b"[" * 4000,
         b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(30), context("FROM scratch\nLABEL a=b\n"),
         context("FROM scratch\nLABEL a=b\n")[:700], b"\x1f\x8b" + bytes(40), b"BZh9" + bytes(9)]
    ),
)  # fmt: skip
_ROUTES = ["/build", "/build", "/build/prune", "/build/cancel", "/session", "/grpc"]
_AS_DOCKERD = re.compile(
    rb"no upgrade proto|not supported|Cannot locate specified Dockerfile|already exists"
)


@pytest.fixture(scope="module", autouse=True)
def well(boxship_daemon: engines.Engine) -> Iterator[None]:
    """The daemon logs no surprise meanwhile, and keeps nothing."""
    before = len(boxship_daemon.log())
    yield
    assert "Traceback" not in boxship_daemon.log()[before:]
    assert boxship_daemon.docker("ps", "-aq").stdout == ""
    assert [*(boxship_daemon.root / "data" / "staging").iterdir()] == []


def _exchange(path: str, data: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(30)
        sock.connect(path)
        answer = b""
        try:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            while piece := sock.recv(1 << 16):
                answer += piece
        except ConnectionError:
            pass
        return answer


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(_ROUTES), _QUERY, _HEADERS, _BODIES)
def test_any_request_is_answered(
    boxship_socket: str,
    route: str,
    query: list[tuple[str, str]],
    headers: list[str],
    body: bytes,
) -> None:
    words = "&".join(f"{name}={quote(value)}" for name, value in query)
    lines = [f"POST {route}?{words} HTTP/1.1", "Host: d", f"Content-Length: {len(body)}"]
    head = "\r\n".join([*lines, "Connection: close", *headers, "", ""])
    answer = _exchange(boxship_socket, head.encode() + body)
    for status in re.findall(rb"HTTP/1\.1 (\d+) ", answer[:4096]):
        assert int(status) < 500 or int(status) == 501 or _AS_DOCKERD.search(answer), answer
    assert _exchange(boxship_socket, b"GET /_ping HTTP/1.0\r\n\r\n").endswith(b"OK")


def _text(dockerfile: str) -> bytes:
    return dockerfile.encode("utf-8", "surrogateescape")


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(DOCKERFILES)
def test_any_dockerfile_is_built_or_refused(boxship_socket: str, dockerfile: str) -> None:
    archive = context(_text(dockerfile).decode("utf-8", "replace"), a="1", b="2")
    head = "POST /build?networkmode=none&forcerm=1 HTTP/1.1\r\nHost: d\r\n"
    head += f"Content-Length: {len(archive)}\r\nContent-Type: application/x-tar\r\n"
    head += "Connection: close\r\n\r\n"
    answer = _exchange(boxship_socket, head.encode() + archive)
    status = int(answer.split(b" ", 2)[1])
    assert status < 500, answer
    assert status != 200 or b'"aux"' in answer or b'"error"' in answer, answer


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(DOCKERFILES)
def test_any_dockerfile_is_built_or_refused_by_buildkits_protocol(
    boxship_socket: str, dockerfile: str
) -> None:
    async def send(call: Call) -> None:
        await send_files(call, {"a": b"1", "b": b"2"})

    try:
        build(boxship_socket, send, _text(dockerfile))
    except GrpcError as error:
        assert str(error)
        assert "internal error" not in str(error)
