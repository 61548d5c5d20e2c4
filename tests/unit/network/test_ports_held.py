"""Ports of the host: taken once, given back."""

import ipaddress
import socket
from collections.abc import Iterator

import pytest

from boxship.base.errors import Internal
from boxship.network.publish import Port, Ports, Wish

HERE = ipaddress.IPv4Address("127.0.0.1")
ANY = ipaddress.IPv4Address(0)
ANY6 = ipaddress.IPv6Address(0)


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
    return Wish(protocol, (host,), range(number, number + 1), 80)


def test_a_port_has_one_holder(ports: Ports) -> None:
    number = _free()
    taken = ports.take(_wish(number))
    assert taken == [Port("tcp", HERE, number)]
    with pytest.raises(Internal, match=f"^Bind for {HERE}:{number} failed: port is already"):
        ports.take(_wish(number))
    # As dockerd has it: another address is another port, until the kernel says otherwise.
    with pytest.raises(Internal, match=rf"listen tcp4 0\.0\.0\.0:{number}: bind: address already"):
        ports.take(_wish(number, ANY))
    ports.release(taken)
    ports.take(_wish(number))


def test_a_port_of_another_program(ports: Ports) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        with pytest.raises(Internal, match=r"listen tcp4 127\.0\.0\.1:\d+: bind: address already"):
            ports.take(_wish(number))


def test_nobody_else_gets_a_held_port(ports: Ports) -> None:
    (port,) = ports.take(_wish(_free()))
    with pytest.raises(OSError), socket.create_server(("127.0.0.1", port.number)):
        pass


def test_protocols_do_not_meet(ports: Ports) -> None:
    number = _free()
    ports.take(_wish(number))
    assert ports.take(_wish(number, protocol="udp")) == [Port("udp", HERE, number)]


def test_the_next_free_of_a_range(ports: Ports) -> None:
    number = _free()
    wish = Wish("udp", (HERE,), range(number, number + 2), 80)
    assert [ports.take(wish)[0].number for _ in range(2)] == [number, number + 1]


def test_any_port_differs_each_time(ports: Ports) -> None:
    wish = Wish("tcp", (HERE,), range(0), 80)
    numbers = {ports.take(wish)[0].number for _ in range(5)}
    assert len(numbers) == 5 and min(numbers) >= 32768


def test_both_versions_get_the_same_port(ports: Ports) -> None:
    wish = Wish("tcp", (ANY, ANY6), range(0), 80)
    for _ in range(2):
        first, second = ports.take(wish)
        assert (first.number, first.host, second.host) == (second.number, ANY, ANY6)


def test_a_port_that_one_version_lacks_is_given_back(ports: Ports) -> None:
    number = _free()
    with socket.create_server(("::", number), family=socket.AF_INET6):
        with pytest.raises(Internal, match=rf"listen tcp6 \[::\]:{number}: bind: address already"):
            ports.take(Wish("tcp", (ANY, ANY6), range(number, number + 1), 80))
        assert ports.take(_wish(number, HERE))


def test_an_address_of_another_host(ports: Ports) -> None:
    with pytest.raises(
        Internal, match=r"listen udp4 192\.0\.2\.7:9: bind: cannot assign requested"
    ):
        ports.take(_wish(9, ipaddress.IPv4Address("192.0.2.7"), "udp"))


def test_a_port_that_another_process_holds_for_us(ports: Ports) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = Port("tcp", HERE, other.getsockname()[1])
        ports.hold(port)
        assert ports.listener(port) is None
    held = ports.listener(port)
    assert held is not None and held.getsockname() == ("127.0.0.1", port.number)
    assert ports.listener(port) is held
