"""Whom the hub believes that it speaks for somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.hub.proxies import TrustedProxies
from boxship.wire.peer import Peer

TRUSTED = TrustedProxies(["10.0.0.0/8", "fd00::/8", "unix"])


def tcp(address: str) -> Peer:
    return Peer("tcp", address=address)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        (tcp("192.0.2.1:5"), "198.51.100.7", "192.0.2.1"),
        (tcp("10.0.0.1:5"), "", "10.0.0.1"),
        (tcp("10.0.0.1:5"), "198.51.100.7", "198.51.100.7"),
        (tcp("10.0.0.1:5"), "1.1.1.1, 198.51.100.7, 10.2.2.2", "198.51.100.7"),
        (tcp("10.0.0.1:5"), "198.51.100.7:8080", "198.51.100.7"),
        (tcp("[fd00::1]:5"), "[2001:db8::7]:8080", "2001:db8::7"),
        (tcp("[::ffff:10.0.0.1]:5"), "2001:db8::7", "2001:db8::7"),
        (tcp("10.0.0.1:5"), "198.51.100.7, nonsense, 10.0.0.9", "10.0.0.9"),
        (tcp("10.0.0.1:5"), "10.0.0.3,10.0.0.2", "10.0.0.3"),
        (tcp("10.0.0.1:5"), "unknown", "10.0.0.1"),
        (Peer("unix", pid=1), "198.51.100.7", "198.51.100.7"),
        (Peer("unix", pid=1), "", ""),
    ],
)
def test_the_client_is_whom_the_last_trusted_proxy_names(
    peer: Peer, forwarded: str, client: str
) -> None:
    assert TRUSTED.client(peer, forwarded).strip("[]") == client


def test_by_default_nobody_is_believed() -> None:
    for peer in (tcp("127.0.0.1:5"), tcp("[::1]:5"), Peer("unix", pid=1)):
        assert not TrustedProxies().trusts(peer)
        assert "198.51.100.7" not in TrustedProxies().client(peer, "198.51.100.7")


@given(st.text())
def test_no_header_breaks_anything(text: str) -> None:
    TRUSTED.client(tcp("10.0.0.1:5"), text)


@pytest.mark.parametrize("rule", ["example.com", "10.0.0.1/8", "", "10.0.0.0/33"])
def test_rules_that_are_none(rule: str) -> None:
    with pytest.raises(InvalidParameter, match="--trusted-proxy"):
        TrustedProxies([rule])
