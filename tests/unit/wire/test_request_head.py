import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.wire.errors import BadRequest
from boxship.wire.head import RequestHead, head_end, parse_head


def parse(target: str = "/", headers: str = "", version: str = "1.1") -> RequestHead:
    return parse_head(f"GET {target} HTTP/{version}\r\nHost: d\r\n{headers}\r\n".encode())


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", ""),
        ("/a/b?c=d&e", "/a/b", "c=d&e"),
        ("/a?b?c", "/a", "b?c"),
        ("/%2Fa%20b", "/%2Fa%20b", ""),
        ("http://host/a?b", "/a", "b"),
        ("http://host", "/", ""),
        ("http://host?x", "/", "x"),
        ("//a//b", "//a//b", ""),
    ],
)
def test_targets(target: str, path: str, query: str) -> None:
    head = parse(target)
    assert (head.path, head.query) == (path, query)


def test_headers_are_folded() -> None:
    head = parse(
        headers="X-A: 1\r\nx-a:  2 \r\nConnection: Upgrade, Keep-Alive\r\nUpgrade: TCP\r\n"
    )
    assert head.headers["x-a"] == "1, 2"
    assert head.wants_upgrade
    assert head.tokens("upgrade") == {"tcp"}


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        ("1.1", "", True),
        ("1.1", "Connection: close\r\n", False),
        ("1.1", "Connection: x, Close\r\n", False),
        ("1.0", "", False),
        ("1.0", "Connection: Keep-Alive\r\n", True),
    ],
)
def test_keep_alive(version: str, connection: str, kept: bool) -> None:
    assert parse(headers=connection, version=version).keep_alive is kept


@pytest.mark.parametrize("headers", ["Upgrade: tcp\r\n", "Connection: close\r\nUpgrade: h2c\r\n"])
def test_an_upgrade_header_asks_for_an_upgrade_by_itself(headers: str) -> None:
    assert parse(headers=headers).wants_upgrade
    assert not parse(headers="Connection: Upgrade\r\n").wants_upgrade


def refusal(text: str) -> tuple[int, str]:
    with pytest.raises(BadRequest) as error:
        parse_head(text.encode())
    return error.value.status, str(error.value)


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ("", "missing required Host header"),
        ("Host: a\r\nHost: a\r\n", "too many Host headers"),
        ("Host: a\r\nX: y\r\nhOST: b\r\n", "too many Host headers"),
        ("Host: a b\r\n", "malformed Host header"),
        ("Host: a, a\r\n", "malformed Host header"),
        ('Host: a"\r\n', "malformed Host header"),
        ("Host: /run/d.sock\r\n", "malformed Host header"),
    ],
)
def test_a_request_has_one_host(headers: str, text: str) -> None:
    assert refusal(f"GET / HTTP/1.1\r\n{headers}\r\n") == (400, text)


@pytest.mark.parametrize("host", ["", "a:1", "[::1]:80", "%2Frun%2Fd.sock", "a_b.c~d"])
def test_hosts_of_clients_are_taken(host: str) -> None:
    assert parse_head(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).headers["host"] == host


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 2\r\nContent-Length: 2\r\n",
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: 2, 2\r\n",
        "Content-Length: +2\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "X : b\r\n",
        "X: b\r\n c\r\n",
        " X: b\r\n",
        "X: b\n",
        "X: b\rc\r\n",
        "X: b\0c\r\n",
        "X\r\n",
        ": b\r\n",
    ],
)
def test_an_ambiguous_head_is_refused(headers: str) -> None:
    assert refusal(f"POST / HTTP/1.1\r\nHost: d\r\n{headers}\r\n")[0] == 400


def test_other_versions_and_expectations_are_refused() -> None:
    assert refusal("GET / HTTP/2.0\r\nHost: d\r\n\r\n")[0] == 505
    assert refusal("GET / HTTP/1.1\r\nHost: d\r\nExpect: x\r\n\r\n")[0] == 417


def test_expectation() -> None:
    assert parse(headers="Expect: 100-Continue\r\n").expects_continue
    assert not parse(headers="Expect: 100-Continue\r\n", version="1.0").expects_continue


def test_the_end_of_a_head() -> None:
    data = bytearray(b"GET / HTTP/1.1\r\n\r\nbody\r\n\r\n")
    assert head_end(data, 0) == 18
    assert head_end(bytearray(b"GET / HTTP/1.1\r\n"), 0) == -1
    assert head_end(bytearray(b"GET /\n\nmore\r\n\r\n"), 0) == 7


@given(st.binary(max_size=300))
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_head(b"\0" + data + b"\r\n\r\n")


@given(st.text(alphabet="GETPOS /:\r\nHostHTTP.10-Connection,=;%ab", max_size=120))
def test_almost_requests_are_heads_or_refused(text: str) -> None:
    try:
        head = parse_head(b"GET / HTTP/1.1\r\nHost: d\r\n" + text.encode() + b"\r\n\r\n")
    except BadRequest:
        return
    assert head.path == "/"
