"""Proxies that ``config.json`` gives to containers."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from boxship.cli.settings import Settings

_NAMES = (
    ("httpProxy", "HTTP_PROXY"),
    ("httpsProxy", "HTTPS_PROXY"),
    ("noProxy", "NO_PROXY"),
    ("ftpProxy", "FTP_PROXY"),
    ("allProxy", "ALL_PROXY"),
)


def proxy_variables(settings: Settings, address: str, given: Iterable[str]) -> list[str]:
    """``NAME=VALUE`` in both spellings for the daemon at *address*, without those *given*."""
    by_daemon = settings.table("proxies")
    chosen = by_daemon.get(address) or by_daemon.get("default")
    if not isinstance(chosen, dict):
        return []
    taken = {variable.partition("=")[0] for variable in given}
    return [
        f"{name}={chosen[setting]}"
        for setting, upper in _NAMES
        for name in (upper, upper.lower())
        if chosen.get(setting) and name not in taken
    ]
