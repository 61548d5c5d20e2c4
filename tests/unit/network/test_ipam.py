"""Subnets and addresses."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import Forbidden, InvalidParameter, NotFound
from boxship.network.ipam import Pool, choose_subnet, first_usable, local_pool, mac_for

NET = ipaddress.IPv4Network("10.0.0.0/29")
GATEWAY = ipaddress.IPv4Address("10.0.0.1")


def test_the_first_subnet_that_nothing_overlaps() -> None:
    assert str(choose_subnet([])) == "172.17.0.0/16"
    taken = [ipaddress.ip_network("172.17.4.0/24"), ipaddress.ip_network("172.18.0.0/15")]
    assert str(choose_subnet(taken)) == "172.20.0.0/16"
    assert str(choose_subnet([ipaddress.ip_network("172.0.0.0/8")])) == "192.168.0.0/20"


def test_host_routes_of_ipv6_are_no_obstacle() -> None:
    assert str(choose_subnet([ipaddress.ip_network("::/0")])) == "172.17.0.0/16"


def test_when_everything_is_taken() -> None:
    with pytest.raises(NotFound, match="non-overlapping IPv4 address pool"):
        choose_subnet([ipaddress.ip_network("0.0.0.0/0")])


def test_lowest_free_address_first() -> None:
    pool = Pool(NET, NET, frozenset({GATEWAY}))
    given_out = [str(pool.allocate()) for _ in range(5)]
    assert given_out == [f"10.0.0.{n}" for n in (2, 3, 4, 5, 6)]
    with pytest.raises(InvalidParameter):
        pool.allocate()
    pool.release(ipaddress.IPv4Address("10.0.0.4"))
    assert str(pool.allocate()) == "10.0.0.4"


def test_a_wished_address_is_taken_once() -> None:
    pool = Pool(NET, NET, frozenset({GATEWAY}))
    wish = ipaddress.IPv4Address("10.0.0.5")
    pool.take(wish)
    for address in (wish, GATEWAY):
        with pytest.raises(Forbidden, match="Address already in use"):
            pool.take(address)


def test_a_range_narrows_what_is_given_out() -> None:
    pool = Pool(NET, ipaddress.IPv4Network("10.0.0.4/30"))
    assert [str(pool.allocate()) for _ in range(3)] == ["10.0.0.4", "10.0.0.5", "10.0.0.6"]
    with pytest.raises(InvalidParameter):
        pool.allocate()


def test_tiny_subnets_use_all_they_have() -> None:
    pair = ipaddress.IPv4Network("10.0.0.8/31")
    pool = Pool(pair, pair)
    assert {str(pool.allocate()), str(pool.allocate())} == {"10.0.0.8", "10.0.0.9"}
    assert str(first_usable(pair)) == "10.0.0.8"


def test_mac_addresses_tell_the_address() -> None:
    assert mac_for(ipaddress.IPv4Address("172.17.0.2")) == "02:42:ac:11:00:02"


@given(st.lists(st.booleans(), max_size=60))
def test_no_address_has_two_owners(steps: list[bool]) -> None:
    pool = Pool(ipaddress.IPv4Network("10.0.0.0/24"), ipaddress.IPv4Network("10.0.0.0/24"))
    held: list[ipaddress.IPv4Address] = []
    for take in steps:
        if take or not held:
            address = pool.allocate()
            assert address not in held
            held.append(ipaddress.IPv4Address(int(address)))
        else:
            pool.release(held.pop(0))


def test_every_daemon_has_a_local_pool_of_its_own() -> None:
    pool, length = local_pool("one")
    assert (pool, length) == local_pool("one") != local_pool("two")
    assert pool.prefixlen == 48 and str(pool).startswith("fd") and length == 64
    first = choose_subnet([], [(pool, length)], 6)
    second = choose_subnet([first], [(pool, length)], 6)
    assert first != second and first.subnet_of(pool) and second.subnet_of(pool)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("subnet", "given_out"),
    [
        ("10.0.0.0/30", ["10.0.0.1", "10.0.0.2"]),
        ("10.0.0.0/31", ["10.0.0.0", "10.0.0.1"]),
        ("10.0.0.9/32", ["10.0.0.9"]),
        ("fd00::/126", ["fd00::1", "fd00::2", "fd00::3"]),
    ],
)
def test_which_addresses_a_subnet_has(subnet: str, given_out: list[str]) -> None:
    net = ipaddress.ip_network(subnet)
    pool = Pool(net, net)
    assert [str(pool.allocate()) for _ in given_out] == given_out
    with pytest.raises(InvalidParameter):
        pool.allocate()
