"""Who can reach published ports: what ``inspect``, lists and warnings say of it."""

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boxship.engine.containers.container import Container
from boxship.engine.containers.ports import port_map
from boxship.engine.networks import ports
from boxship.engine.networks.network import HOST_ADDRESS
from boxship.network.ruleset import MARK

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_UNSPECIFIED = ("0.0.0.0", "::")


def _is_local(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _bypassed(engine: "Engine") -> tuple[str, ...]:
    """Chains that refuse who comes from outside, where published ports do not ask them."""
    fabric = engine.networks.fabric
    return () if fabric.publishing.guarded else fabric.surroundings.closed


def _who(engine: "Engine", binding: Mapping[str, str]) -> str:
    address = binding["HostIp"]
    if _is_local(address):
        return "this host"
    everybody = "everybody" if address in _UNSPECIFIED else f"everybody who reaches {address}"
    if not binding["HostPort"]:
        everybody = "everybody who has a route to the container"
    if engine.networks.fabric.publishing.guarded:
        return f"{everybody} and is let in by this host's firewall"
    return f"{everybody}, past this host's firewall" if _bypassed(engine) else everybody


def reach(engine: "Engine", container: Container) -> dict[str, list[str]]:
    """By port of the container, for each of its bindings; without those that are not published."""
    return {
        port: [_who(engine, binding) for binding in bindings]
        for port, bindings in port_map(container).items()
        if bindings
    }


def warnings(engine: "Engine", container: Container) -> list[str]:
    """For the user who creates a container whose ports the host's firewall would refuse."""
    closed = _bypassed(engine)
    mode = container.host_config.network_mode
    network = engine.networks.find("bridge" if mode == "default" else mode)
    if not closed or network is None or network.driver != "bridge":
        return []
    default = network.options.get(HOST_ADDRESS) or _UNSPECIFIED[0]
    hosts = [text or default for text in ports.host_addresses(container)]
    if all(_is_local(each) for each in hosts):
        return []
    return [
        f"Published ports are reached past this host's firewall ({', '.join(closed)}): publish "
        "them on 127.0.0.1, or start the daemon with --published-ports=behind-firewall"
    ]


def firewall_info(engine: "Engine") -> dict[str, Any]:
    """``Firewall`` of ``/info``.

    *Rules*: places in others' firewalls with a rule of ours; *Obstacles*: chains that drop
    forwarded packets unless they have the *Mark*; *Bypassed*: chains that published ports are not
    subject to.
    """
    fabric = engine.networks.fabric
    around = fabric.surroundings
    return {
        "PublishedPorts": "behind-firewall" if fabric.publishing.guarded else "open",
        "Rules": [f"{each.tool} {each.chain}".strip() for each in around.points],
        "Obstacles": [*around.obstacles],
        "Mark": f"{MARK:#x}/{MARK:#x}",
        "Bypassed": [*_bypassed(engine)],
    }
