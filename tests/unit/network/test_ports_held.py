"""Ports of the host: taken once, given back."""

import ipaddress
import socket
from collections.abc import Iterator

import pytest

from boxship.base.errors import Internal
from boxship.network.publish import Port, Ports, Wish

HERE = ipaddress.IPv4Address("127.0.0.1")
ANY = ipaddress.IPv4Address(0)


@pytest.fixture
def ports() -> Iterator[Ports]:
    held = Ports()
    yield held
    held.close()


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wish(number: int, host: ipaddress.IPv4Address = HERE, protocol: str = "tcp") -> Wish:
    return Wish(protocol, host, range(number, number + 1), 80)


def test_a_port_has_one_holder(ports: Ports) -> None:
    number = _free()
    taken = ports.take(_wish(number))
    assert taken == Port("tcp", HERE, number)
    for host in (HERE, ANY):
        with pytest.raises(Internal, match=f"^Bind for {host}:{number} failed: port is already"):
            ports.take(_wish(number, host))
    ports.release([taken])
    ports.take(_wish(number))


def test_a_port_of_another_program(ports: Ports) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        with pytest.raises(Internal, match=r"listen tcp4 127\.0\.0\.1:\d+: bind: address already"):
            ports.take(_wish(number))


def test_nobody_else_gets_a_held_port(ports: Ports) -> None:
    port = ports.take(_wish(_free()))
    with pytest.raises(OSError), socket.create_server(("127.0.0.1", port.number)):
        pass


def test_protocols_do_not_meet(ports: Ports) -> None:
    number = _free()
    ports.take(_wish(number))
    assert ports.take(_wish(number, protocol="udp")).protocol == "udp"


def test_the_next_free_of_a_range(ports: Ports) -> None:
    number = _free()
    wish = Wish("udp", HERE, range(number, number + 2), 80)
    assert ports.take(wish).number == number
    assert ports.take(wish).number == number + 1


def test_any_port_differs_each_time(ports: Ports) -> None:
    wish = Wish("tcp", HERE, range(0), 80)
    numbers = {ports.take(wish).number for _ in range(5)}
    assert len(numbers) == 5 and min(numbers) >= 32768
