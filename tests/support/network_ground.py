"""A host of the test's own, in a network namespace, with bridges and containers' namespaces."""

import asyncio
import ipaddress
import socket
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from boxship.network.bridge import Bridge, enable_forwarding_ipv6
from boxship.network.endpoint import Endpoint
from boxship.network.fabric import Fabric, Targets, Wiring
from boxship.network.namespace import Namespace
from boxship.network.publish import Wish
from boxship.network.ruleset import PLAIN, Publishing, Zone

ANY = ipaddress.IPv4Address(0)
ANY6 = ipaddress.IPv6Address(0)
#: Seconds; a lost first packet is sent again after one.
PATIENCE = 2.5


def wish_for(
    host: ipaddress.IPv4Address | ipaddress.IPv6Address, number: int, protocol: str = "tcp"
) -> Wish:
    return Wish(protocol, (host,), range(number, number + 1), 80)


def ip(text: str) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(text)


async def wired(fabric: Fabric, wiring: Wiring) -> Namespace:
    """A namespace that is filled; closed if it cannot be."""
    made = await fabric.namespace()
    try:
        await fabric.wire(made, wiring)
    except OSError:
        made.close()
        raise
    return made


@dataclass
class Ground:
    """A host of its own, with two bridges; ``run`` gives a coroutine a thread inside."""

    host: Namespace
    opened: list[Namespace] = field(default_factory=list)

    def run(
        self,
        scenario: Callable[[Fabric], Awaitable[None]],
        publishing: Publishing = PLAIN,
        record: Path | None = None,
    ) -> None:
        async def main() -> None:
            fabric = Fabric("boxship", publishing, record)
            assert await fabric.usable(), fabric.flaw
            enable_forwarding_ipv6()
            for number, internal in ((1, False), (2, False), (3, True)):
                net = ipaddress.IPv4Network(f"10.99.{number}.0/24")
                mac = f"02:42:0a:63:{number:02x}:01"
                own = _addresses(number, 1)
                net6 = ipaddress.IPv6Network(f"fd00:99:{number}::/64")
                await fabric.add_network(
                    Bridge(f"br{number}", mac, own, ipv6=True),
                    Zone(f"br{number}", net, internal, subnet6=net6),
                )
            try:
                await scenario(fabric)
            finally:
                fabric.close()

        self.host.run(lambda: asyncio.run(main()))

    async def box(self, fabric: Fabric, net: int, last: int, isolated: bool = False) -> Namespace:
        """A namespace on bridge *net* with a server on port 80 that answers with the peer."""
        mac = f"02:42:0a:63:{net:02x}:{last:02x}"
        end = Endpoint(f"v{net}n{last}", "eth0", mac, _addresses(net, last), f"br{net}", isolated)
        gateways = [ip(f"10.99.{net}.1"), ipaddress.IPv6Address(f"fd00:99:{net}::1")]
        made = await wired(fabric, Wiring([end], gateways if net != 3 else []))
        self.opened.append(made)
        server = made.run(
            lambda: socket.create_server(("::", 80), family=socket.AF_INET6, dualstack_ipv6=True)
        )
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        return made


def _addresses(
    net: int, last: int
) -> tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...]:
    return (
        ipaddress.IPv4Interface(f"10.99.{net}.{last}/24"),
        ipaddress.IPv6Interface(f"fd00:99:{net}::{last}/64"),
    )


#: What :meth:`Ground.box` gives the box 2 of the bridge 1.
BOX = Targets(ip("10.99.1.2"), ipaddress.IPv6Address("fd00:99:1::2"))


def serve(server: socket.socket) -> None:
    while True:
        try:
            connection, peer = server.accept()
        except OSError:
            return
        connection.sendall(peer[0].removeprefix("::ffff:").encode())
        connection.close()


def ask(address: str, port: int, inside: Namespace | None = None) -> str:
    """What the server answers, or the error's name."""

    def work() -> str:
        try:
            with socket.create_connection((address, port), timeout=PATIENCE) as connection:
                return connection.recv(100).decode()
        except OSError as error:
            return type(error).__name__

    return inside.run(work) if inside else work()


def shell(inside: Namespace, script: str) -> None:
    inside.run(lambda: subprocess.run(["sh", "-ec", script], check=True, timeout=20))


def connect(host: Namespace, outside: Namespace) -> None:
    """A cable between the two, with a route to the containers."""
    holder = outside.run(lambda: subprocess.Popen(["sleep", "20"]))
    try:
        peer = f"type veth peer name cable netns {holder.pid}"
        shell(host, f"ip link add cable {peer}; ip addr add 192.0.2.1/24 dev cable")
        shell(outside, "ip addr add 192.0.2.2/24 dev cable; ip link set cable up")
        shell(host, "ip link set cable up")
        shell(outside, "ip route add default via 192.0.2.1")
        shell(host, "ip addr add 2001:db8::1/64 dev cable nodad")
        shell(outside, "ip addr add 2001:db8::2/64 dev cable nodad")
    finally:
        holder.kill()
        holder.wait()


async def until(condition: Callable[[], bool]) -> None:
    """While the loop goes on. It fails when that takes too long."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it does not become true"
        await asyncio.sleep(0.02)


def rules(host: Namespace, what: str) -> str:
    command = ["nft", "list", *what.split()]
    return host.run(lambda: subprocess.run(command, capture_output=True, text=True).stdout)
