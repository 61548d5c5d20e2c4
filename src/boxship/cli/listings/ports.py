"""Published ports as the container table shows them: neighbours joined to ranges."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def show_ports(ports: list[dict[str, Any]] | None) -> str:
    """``0.0.0.0:80-81->80-81/tcp, 9000/tcp`` of the API's list."""
    groups: dict[tuple[str, str], list[list[int]]] = {}
    moved: list[str] = []
    for port in sorted(ports or [], key=_order):
        address, inside = port.get("IP", ""), port["PrivatePort"]
        if address and port.get("PublicPort", 0) != inside:
            outside = _joined(address, str(port.get("PublicPort", 0)))
            moved.append(f"{outside}->{inside}/{port['Type']}")
        else:
            _extend(groups.setdefault((address, port["Type"]), []), inside)
    return ", ".join([*_ranges(groups), *moved])


def _order(port: dict[str, Any]) -> tuple[int, str, int, str]:
    return port["PrivatePort"], port.get("IP", ""), port.get("PublicPort", 0), port["Type"]


def _extend(spans: list[list[int]], port: int) -> None:
    if spans and spans[-1][1] + 1 == port:
        spans[-1][1] = port
    else:
        spans.append([port, port])


def _ranges(groups: dict[tuple[str, str], list[list[int]]]) -> list[str]:
    """Closed spans come before those that were open at the end, as Docker lists them."""
    closed = [_one(key, span) for key, spans in groups.items() for span in spans[:-1]]
    return closed + [_one(key, spans[-1]) for key, spans in groups.items()]


def _one(key: tuple[str, str], span: list[int]) -> str:
    address, protocol = key
    text = str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}"
    return f"{_joined(address, text)}->{text}/{protocol}" if address else f"{text}/{protocol}"


def _joined(address: str, port: str) -> str:
    """IPv6 addresses have no brackets here, as in Docker 26."""
    return f"{address}:{port}"
