"""The part of the settings that says how registries are reached."""

from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.daemon.config import Settings
from boxship.registry.hosts import read_hosts
from boxship.registry.settings import RegistrySettings

_PROXIES = frozenset(("http-proxy", "https-proxy", "no-proxy"))


def registry_settings(settings: Settings) -> RegistrySettings:
    """:class:`InvalidParameter` for what has another shape than the manual says."""
    return RegistrySettings(
        mirrors=_texts("registry-mirrors", settings.registry_mirrors),
        insecure=_texts("insecure-registries", settings.insecure_registries),
        hosts=read_hosts(settings.registries),
        proxies=_proxies(settings.proxies),
        nondistributable=_texts(
            "allow-nondistributable-artifacts", settings.allow_nondistributable_artifacts
        ),
    )


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidParameter(f"invalid {name}: expected a list of texts")
    return tuple(value)


def _proxies(value: Any) -> dict[str, str]:
    is_table = isinstance(value, dict) and set(value) <= _PROXIES
    if not is_table or not all(isinstance(one, str) for one in value.values()):
        raise InvalidParameter(f"invalid proxies: expected {', '.join(sorted(_PROXIES))} as texts")
    return dict(value)
