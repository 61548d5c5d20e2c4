"""Attributes of netlink messages."""

from hypothesis import given
from hypothesis import strategies as st

from boxship.kernel import netlink, rtnetlink


@given(st.dictionaries(st.integers(1, 200), st.binary(max_size=40), max_size=8))
def test_attributes_come_back(rows: dict[int, bytes]) -> None:
    data = b"".join(netlink.attribute(kind, value) for kind, value in rows.items())
    assert len(data) % 4 == 0
    assert netlink.attributes(data) == rows


@given(st.binary(max_size=200))
def test_noise_is_no_attribute_but_no_error(data: bytes) -> None:
    netlink.attributes(data)


def test_nested_attributes() -> None:
    data = netlink.nest(18, netlink.text(1, "veth"), netlink.u32(4, 7))
    inner = netlink.attributes(netlink.attributes(data)[18])
    assert inner == {1: b"veth\0", 4: (7).to_bytes(4, "little")}


def test_hardware_addresses_in_every_spelling() -> None:
    raw = bytes.fromhex("0242ac110002")
    for text in ("02:42:ac:11:00:02", "02-42-AC-11-00-02", "0242.ac11.0002"):
        assert rtnetlink.mac_bytes(text) == raw
