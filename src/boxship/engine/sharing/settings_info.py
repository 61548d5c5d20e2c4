"""What ``GET /info`` says of registries and proxies."""

import ipaddress
import os
import re
from collections.abc import Mapping
from typing import Any

from boxship.registry.settings import DOCKER_HUB, RegistrySettings

_LOOPBACK = ("::1/128", "127.0.0.0/8")
_USER = re.compile(r"(\A|://)[^/@]*@")


def settings_info(settings: RegistrySettings) -> dict[str, Any]:
    """Members of the answer. Passwords of proxies are not told."""
    networks = [rule for rule in settings.insecure if _is_network(rule)]
    mirrors = [url.rstrip("/") + "/" for url in settings.mirrors]
    rows = {DOCKER_HUB: _row(DOCKER_HUB, mirrors, True)}
    named = [rule for rule in settings.insecure if not _is_network(rule)]
    listed = [host for host, row in settings.hosts.items() if row.insecure or row.http]
    for host in dict.fromkeys([*named, *listed]):
        rows[host] = _row(host, list(settings.hosts[host].mirrors) if host in listed else [], False)
    return {
        "RegistryConfig": {
            "InsecureRegistryCIDRs": [*_LOOPBACK, *networks],
            "IndexConfigs": rows,
            "Mirrors": mirrors or None,
        },
        "HttpProxy": _proxy(settings.proxies, "http-proxy"),
        "HttpsProxy": _proxy(settings.proxies, "https-proxy"),
        "NoProxy": _proxy(settings.proxies, "no-proxy"),
    }


def _row(host: str, mirrors: list[str], secure: bool) -> dict[str, Any]:
    return {"Name": host, "Mirrors": mirrors, "Secure": secure, "Official": host == DOCKER_HUB}


def _is_network(rule: str) -> bool:
    try:
        ipaddress.ip_network(rule, strict=False)
    except ValueError:
        return False
    return True


def _proxy(settings: Mapping[str, str], name: str) -> str:
    variable = name.replace("-", "_")
    environment = os.environ
    text = settings.get(name) or environment.get(variable.upper()) or environment.get(variable, "")
    return _USER.sub(r"\1xxxxx:xxxxx@", text)
