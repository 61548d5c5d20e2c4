"""The part of the settings that says what networks are made of."""

from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.daemon.config import Settings
from boxship.engine.networks.settings import NetworkSettings, parse_pools
from boxship.network import ipam


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
    )
    found.check()
    return found


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
