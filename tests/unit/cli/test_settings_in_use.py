"""What ``config.json`` says about listings, keys and proxies is heeded."""

import json
import socket
from pathlib import Path

import pytest

from boxship.cli.app import App
from boxship.cli.filters import pruned
from boxship.cli.flags.flag import Flag, listing_format, switch
from boxship.cli.flags.parser import parse
from boxship.cli.main import GLOBAL_FLAGS, main
from boxship.cli.proxies import proxy_variables
from boxship.cli.settings import Settings
from support.canned import Canned, serving

SETTINGS = {
    "psFormat": "{{.Names}}!",
    "imagesFormat": "table {{.ID}}",
    "detachKeys": "ctrl-a",
    "HttpHeaders": {"X-Meta": "m", "User-Agent": "other"},
    "pruneFilters": ["label=keep", "label!=go", "until=1h", "nonsense"],
    "proxies": {
        "default": {"httpProxy": "http://p:1", "noProxy": "a,b"},
        "tcp://there:1": {"httpsProxy": "https://q:2"},
    },
}
ITEM = {
    "Id": "a" * 64,
    "Names": ["/web"],
    "Image": "i",
    "Command": "c",
    "Created": 1,
    "Status": "Up",
}


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps(SETTINGS))
    return Settings()


def listing(canned: Canned, sock: socket.socket) -> None:
    canned.head(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nContent-Length: 0\r\n\r\n")
    canned.head(sock)
    body = json.dumps([ITEM]).encode()
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ps"], "web!\n"),
        (["ps", "-q"], "aaaaaaaaaaaa\n"),
        (["ps", "--format", "{{.Image}}"], "i\n"),
    ],
)
def test_listings(words: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(listing) as canned:
        assert main(["-H", canned.host, *words]) == 0
    assert capsys.readouterr().out == expected


def echoing(canned: Canned, sock: socket.socket) -> None:
    """Answers with the head that it got."""
    canned.head(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nContent-Length: 0\r\n\r\n")
    head = canned.head(sock)
    body = json.dumps([{**ITEM, "Image": head if isinstance(head, str) else head.decode()}])
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body.encode())


def test_headers_for_the_daemon(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(echoing) as canned:
        assert main(["-H", canned.host, "ps", "--format", "{{.Image}}"]) == 0
    head = capsys.readouterr().out.lower()
    assert "x-meta: m" in head
    assert "user-agent: boxship-client" in head and "other" not in head


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["label=keep", "label!=go", "until=1h"]),
        (["--filter", "label!=keep"], ["label!=keep", "label!=go", "until=1h"]),
        (["--filter", "label=go"], ["label=go", "label=keep", "until=1h"]),
    ],
)
def test_filters_of_prunes(words: list[str], expected: list[str]) -> None:
    app = App(parse(GLOBAL_FLAGS, []))
    flags = (Flag("filter", "", "filter"),)
    assert pruned(app, parse(flags, words)) == expected


@pytest.mark.parametrize(("words", "keys"), [([], "ctrl-a"), (["--detach-keys", "x"], "x")])
def test_detach_keys(words: list[str], keys: str) -> None:
    app = App(parse(GLOBAL_FLAGS, []))
    assert app.detach_keys(parse((Flag("detach-keys", ""),), words)) == keys


def test_ids_alone_have_no_format() -> None:
    app = App(parse(GLOBAL_FLAGS, []))
    flags = (listing_format(), switch("quiet", "", "q"))
    assert app.format(parse(flags, []), "psFormat") == "{{.Names}}!"
    assert app.format(parse(flags, ["-q"]), "psFormat") == ""
    assert app.format(parse(flags, []), "networksFormat") == ""


def test_proxies_for_containers(settings: Settings) -> None:
    both = [
        "HTTP_PROXY=http://p:1",
        "http_proxy=http://p:1",
        "NO_PROXY=a,b",
        "no_proxy=a,b",
    ]
    assert proxy_variables(settings, "unix:///x", []) == both
    assert proxy_variables(settings, "unix:///x", ["http_proxy=", "NO_PROXY"]) == [
        "HTTP_PROXY=http://p:1",
        "no_proxy=a,b",
    ]
    there = ["HTTPS_PROXY=https://q:2", "https_proxy=https://q:2"]
    assert proxy_variables(settings, "tcp://there:1", []) == there
