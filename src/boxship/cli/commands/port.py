"""``boxship port``: where a container's ports are published."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments

    Ports = dict[str, list[dict[str, Any]] | None]


def _run(app: App, arguments: Arguments) -> int:
    name, *wanted = arguments.positional
    details = app.client.json("GET", paths.container(name, "json"))
    ports: Ports = details["NetworkSettings"]["Ports"] or {}
    if wanted:
        lines = _one(name, ports, wanted[0])
    else:
        lines = [
            f"{inside} -> {address}"
            for inside, bindings in ports.items()
            for address in _addresses(bindings)
        ]
    app.print("".join(f"{line}\n" for line in sorted(lines, key=_order)), end="")
    return 0


def _one(name: str, ports: Ports, wanted: str) -> list[str]:
    number, slash, protocol = wanted.partition("/")
    key = f"{number}/{protocol if slash else 'tcp'}"
    if not number.isdigit():
        reason = f'strconv.ParseUint: parsing "{number}": invalid syntax'
        raise Failed(f"Error: invalid port ({number}): {reason}")
    if not ports.get(key):
        raise Failed(f"Error: No public port '{wanted}' published for {name}")
    return _addresses(ports[key])


def _addresses(bindings: list[dict[str, Any]] | None) -> list[str]:
    return [_joined(binding["HostIp"], binding["HostPort"]) for binding in bindings or []]


def _joined(address: str, port: str) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _order(line: str) -> tuple[int, str]:
    digits = line.split("/")[0]
    return (int(digits) if digits.isdigit() else 0, line)


COMMAND = Command(_run, "CONTAINER [PRIVATE_PORT[/PROTO]]", least=1, most=2)
