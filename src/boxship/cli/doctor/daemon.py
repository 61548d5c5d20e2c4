"""The daemon: whether it answers, its version, and what it says about itself."""

from __future__ import annotations

import os

from boxship import __version__
from boxship.base.errors import BoxshipError
from boxship.cli.doctor.finding import broken, good, weak
from boxship.client.access import remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from boxship.cli.doctor.finding import Finding
    from boxship.client.client import Client


def ask(client: Client) -> tuple[dict[str, Any], BoxshipError | None]:
    """The daemon's ``/info``, or nothing and why."""
    try:
        return client.json("GET", "/info"), None
    except BoxshipError as error:
        return {}, error


def findings(
    address: str, own: bool, info: dict[str, Any], error: BoxshipError | None
) -> Iterator[Finding]:
    """*own*: the daemon at *address* is one that commands start by themselves."""
    if error is not None:
        yield _silent(address, own, error)
        return
    version = str(info.get("ServerVersion", "unknown"))
    yield good("address", address)
    if version == __version__:
        yield good("version", version)
    else:
        yield weak(
            "version",
            f"{version}, while this client is {__version__}",
            "restart the daemon after an upgrade; containers keep running",
        )
    yield from _firewall(info.get("Firewall") or {})
    yield from _warnings(info.get("Warnings") or [])


def _silent(address: str, own: bool, error: BoxshipError) -> Finding:
    if isinstance(error.__cause__, PermissionError):
        path = address.removeprefix("unix://")
        return broken("address", f"you may not use the daemon at {address}", remedy(path))
    if own and os.geteuid() != 0:
        return weak(
            "address",
            "no daemon runs, and only root can start one",
            "sudo boxship info, or sudo boxship system install-service to start it at every boot",
        )
    if own:
        return good("address", "no daemon runs; the next command that needs it starts it")
    return broken("address", str(error), "start the daemon there, or choose another with -H or -c")


def _firewall(seen: dict[str, Any]) -> Iterator[Finding]:
    """What the daemon has found in the rules of others, and added to them."""
    if rules := seen.get("Rules"):
        yield good("foreign rules", f"one of ours lets our packets pass: {', '.join(rules)}")
    for chain in seen.get("Obstacles") or []:
        yield weak(
            "firewall",
            f"the chain {chain} drops forwarded packets",
            f"let those pass there whose mark is {seen.get('Mark')}",
        )
    if bypassed := seen.get("Bypassed"):
        yield weak(
            "published ports",
            f"reached past this host's firewall ({', '.join(bypassed)})",
            "publish on 127.0.0.1, or start the daemon with --published-ports=behind-firewall",
        )


def _warnings(texts: list[str]) -> Iterator[Finding]:
    for text in texts:
        yield weak("warning", text.removeprefix("WARNING: "), "see the checks above")
