"""The part of the settings that says what networks are made of."""

from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.daemon.config import Settings
from boxship.daemon.network_flags import PUBLISHED
from boxship.engine.networks.settings import NetworkSettings, parse_pools
from boxship.network import ipam
from boxship.network.ruleset import Publishing


def network_settings(settings: Settings) -> NetworkSettings:
    """:class:`InvalidParameter` for what has another shape than the manual says."""
    pools = settings.default_address_pools
    found = NetworkSettings(
        pools=parse_pools(pools) if pools else ipam.DEFAULTS,
        bridge=_text("bridge", settings.bridge),
        bip=_text("bip", settings.bip),
        bip6=_text("bip6", settings.bip6),
        fixed_cidr=_text("fixed-cidr", settings.fixed_cidr),
        fixed_cidr_v6=_text("fixed-cidr-v6", settings.fixed_cidr_v6),
        default_gateway=_text("default-gateway", settings.default_gateway),
        default_gateway_v6=_text("default-gateway-v6", settings.default_gateway_v6),
        ipv6=settings.ipv6,
        icc=settings.icc,
        mtu=settings.mtu,
        driver_options=_options(settings.default_network_opts),
        host=_address("ip", settings.ip),
        masquerade=_switch("ip-masq", settings.ip_masq),
        publishing=_publishing(settings),
    )
    found.check()
    return found


def _publishing(settings: Settings) -> Publishing:
    if settings.published_ports not in PUBLISHED:
        raise InvalidParameter(f"invalid published-ports: expected one of {', '.join(PUBLISHED)}")
    return Publishing(
        rules=_switch("iptables", settings.iptables),
        rules6=_switch("ip6tables", settings.ip6tables),
        forwarding=_switch("ip-forward", settings.ip_forward),
        proxy=_switch("userland-proxy", settings.userland_proxy),
        guarded=settings.published_ports == PUBLISHED[1],
    )


def _switch(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidParameter(f"invalid {name}: expected true or false")
    return value


def _address(name: str, value: Any) -> str:
    text = _text(name, value)
    try:
        return str(ipam.plain_address(text)) if text else ""
    except ValueError:
        raise InvalidParameter(f'invalid {name} "{text}": it is no address') from None


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidParameter(f"invalid {name}: expected a text")
    return value


def _options(value: Any) -> dict[str, dict[str, str]]:
    """By driver. What it says of other drivers than ours is never asked for."""
    if not isinstance(value, dict) or not all(isinstance(row, dict) for row in value.values()):
        raise InvalidParameter("invalid default-network-opts: expected options by driver")
    return {
        driver: {str(key): str(text) for key, text in row.items()} for driver, row in value.items()
    }
