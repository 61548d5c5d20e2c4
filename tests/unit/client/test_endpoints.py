"""Addresses of daemons."""

import shlex

import pytest

from boxship.base.errors import InvalidParameter
from boxship.client.endpoint import parse_endpoint
from boxship.client.ssh import command


@pytest.mark.parametrize(
    ("text", "scheme", "path", "host", "port", "base"),
    [
        ("unix:///run/x.sock", "unix", "/run/x.sock", "", 0, ""),
        ("/run/x.sock", "unix", "/run/x.sock", "", 0, ""),
        ("tcp://example:99", "tcp", "", "example", 99, ""),
        ("tcp://example", "tcp", "", "example", 2375, ""),
        ("tcp://:99", "tcp", "", "localhost", 99, ""),
        ("tcp://[::1]:99/mount/", "tcp", "", "::1", 99, "/mount"),
        ("example:99", "tcp", "", "example", 99, ""),
    ],
)
def test_addresses(text: str, scheme: str, path: str, host: str, port: int, base: str) -> None:
    found = parse_endpoint(text)
    assert (found.scheme, found.path, found.host, found.port, found.base) == (
        (scheme, path, host, port, base)
    )
    assert found.text == text


@pytest.mark.parametrize("text", ["foo://x", "unix://", "tcp://x:y", "tcp://x:99999", "npipe://x"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid daemon address"):
        parse_endpoint(text)


@pytest.mark.parametrize(
    ("text", "user", "host", "port", "path"),
    [
        ("ssh://there", "", "there", 0, ""),
        ("ssh://me@there:22/", "me", "there", 22, ""),
        ("ssh://me@[::1]:22/run/x.sock", "me", "::1", 22, "/run/x.sock"),
    ],
)
def test_ssh_addresses(text: str, user: str, host: str, port: int, path: str) -> None:
    found = parse_endpoint(text)
    assert found.scheme == "ssh"
    assert (found.user, found.host, found.port, found.path) == (user, host, port, path)


@pytest.mark.parametrize(
    "text", ["ssh://", "ssh://-oProxyCommand=x", "ssh://-l@there", "ssh://me:secret@there"]
)
def test_ssh_addresses_are_no_options_of_ssh(text: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid daemon address"):
        parse_endpoint(text)


def test_the_ssh_command() -> None:
    words = command(parse_endpoint("ssh://me@there:22/a b.sock"))
    assert words[:8] == ["ssh", "-o", "ConnectTimeout=30", "-T", "-l", "me", "-p", "22"]
    assert words[8:10] == ["--", "there"]
    script = shlex.split(words[10])
    assert script[:2] == ["sh", "-c"]
    assert "boxship --host 'unix:///a b.sock' system dial-stdio" in script[2]
