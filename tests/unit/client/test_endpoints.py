"""Addresses of daemons."""

import pytest

from boxship.base.errors import InvalidParameter, NotSupported
from boxship.client.endpoint import parse_endpoint


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


def test_ssh_says_that_it_is_missing() -> None:
    with pytest.raises(NotSupported, match="ssh://host"):
        parse_endpoint("ssh://host")
