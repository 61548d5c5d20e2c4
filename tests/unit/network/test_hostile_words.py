"""No text of requests or images becomes more than one element of a set of nftables."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import Internal, InvalidParameter
from boxship.engine.networks import driver_options, subnets
from boxship.engine.networks.network import BRIDGE_NAME, HOST_ADDRESS, MTU
from boxship.network import ipam, ruleset
from boxship.network.ruleset import Publication, Zone
from boxship.types.networking import IpamConfig

_MORE = "x }\nflush ruleset\n#"


@pytest.mark.parametrize(
    "row",
    [
        IpamConfig(subnet=f"fd00::%{_MORE}/64"),
        IpamConfig(subnet="fd00::/64", gateway=f"fd00::1%{_MORE}"),
        IpamConfig(subnet="fd00::/64", ip_range=f"fd00::%{_MORE}/80"),
        IpamConfig(subnet="fd00::/64", auxiliary_addresses={"a": f"fd00::1%{_MORE}"}),
    ],
)
def test_zones_are_no_part_of_subnets(row: IpamConfig) -> None:
    with pytest.raises(InvalidParameter, match="invalid network config"):
        subnets.parse(row, ipv6=True)


def test_zones_are_no_part_of_addresses() -> None:
    with pytest.raises(ValueError, match="has a zone"):
        ipam.plain_address(f"fe80::1%{_MORE}")
    with pytest.raises(InvalidParameter, match="nil ip"):
        driver_options.check("bridge", {HOST_ADDRESS: f"fe80::1%{_MORE}"})


@pytest.mark.parametrize("protocol", [_MORE, "tcp . 1, udp", "{", "", "a;b", "a$b", 'a"b', "tcp\t"])
def test_a_protocol_that_is_none(protocol: str) -> None:
    host, target = ipaddress.IPv4Address(0), ipaddress.IPv4Address("10.0.0.2")
    with pytest.raises(Internal, match="not an element"):
        ruleset.publishing("t", Publication(protocol + "}", host, 80, target, 80))


@given(st.text(min_size=1, max_size=15))
def test_names_of_interfaces_stay_in_their_quotes(name: str) -> None:
    """Those that the option takes."""
    try:
        driver_options.check("bridge", {BRIDGE_NAME: name})
    except InvalidParameter:
        return
    zone = Zone(name, ipaddress.IPv4Network("10.0.0.0/24"))
    try:
        text = ruleset.change("add", "t", ruleset.zone_elements(zone))
    except Internal:
        raise AssertionError(name) from None
    assert text.split("\n") == [
        f'add element inet t bridges {{ "{name}" }}',
        f'add element inet t inside {{ "{name}" . "{name}" }}',
        "add element inet t subnets { 10.0.0.0/24 }",
        "add element inet t masqueraded { 10.0.0.0/24 }",
        "",
    ]


@pytest.mark.parametrize("value", ["1_500", " 1500", "\u0661500", "", "1e3", "9" * 30])
def test_numbers_are_written_as_usual(value: str) -> None:
    with pytest.raises(InvalidParameter, match=r"strconv\.Atoi"):
        driver_options.check("bridge", {MTU: value})


@pytest.mark.parametrize("value", ["-1", "67", "65536", "999999999999999999"])
def test_sizes_that_no_packet_has(value: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid MTU number"):
        driver_options.check("bridge", {MTU: value})
