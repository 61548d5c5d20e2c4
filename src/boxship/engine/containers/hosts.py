"""/etc/hosts of a container: its own names, ``--add-host`` and ``--link``."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from boxship.engine.containers import links
from boxship.engine.containers.container import Container
from boxship.engine.networks import realization

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_LOCAL = (
    ("127.0.0.1", "localhost"),
    ("::1", "localhost ip6-localhost ip6-loopback"),
    ("fe00::0", "ip6-localnet"),
    ("ff00::0", "ip6-mcastprefix"),
    ("ff02::1", "ip6-allnodes"),
    ("ff02::2", "ip6-allrouters"),
)
_HOST_GATEWAY = "host-gateway"


def text(engine: "Engine", container: Container, hostname: str) -> str:
    """The whole file, for a start."""
    mode = container.host_config.network_mode
    if mode == "host" and not container.host_config.extra_hosts:
        return _of_host()
    lines = [f"{address}\t{names}" for address, names in _LOCAL]
    lines += [*_extra(engine, container), *links.host_lines(engine, container)]
    own = own_lines(container, hostname)
    if not own and mode not in ("host", "none"):
        own = [f"127.0.1.1\t{_names(container, hostname)}"]
    return _joined([*lines, *own])


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _of_host() -> str:
    try:
        return Path("/etc/hosts").read_text(errors="replace")
    except OSError:
        return ""


async def know_gateway(engine: "Engine", container: Container) -> None:
    """To be called before :func:`text`: the default bridge may not have an address yet."""
    extra = container.host_config.extra_hosts or ()
    if any(each.endswith(_HOST_GATEWAY) for each in extra):
        await realization.realize(engine, engine.networks.default)


def _extra(engine: "Engine", container: Container) -> list[str]:
    """``--add-host``; ``host-gateway`` is this host, seen from the default bridge."""
    row = engine.networks.default.ipv4
    gateway = engine.options.host_gateway or (row.gateway if row is not None else "127.0.0.1")
    lines = []
    for extra in container.host_config.extra_hosts or ():
        name, _, address = extra.partition("=" if "=" in extra else ":")
        lines.append(f"{gateway if address == _HOST_GATEWAY else address}\t{name}")
    return lines


def own_lines(container: Container, hostname: str) -> list[str]:
    """An address each, in the order of its networks."""
    names = _names(container, hostname)
    found = [
        address
        for settings in container.endpoints.values()
        for address in (settings.ip_address, settings.global_ipv6_address)
        if address
    ]
    return [f"{address}\t{names}" for address in found]


def _names(container: Container, hostname: str) -> str:
    domain = container.config.domainname
    return f"{hostname}.{domain} {hostname}" if domain else hostname


def change_own(path: str, before: Sequence[str], now: Sequence[str]) -> None:
    """Bring the lines of :func:`own_lines` up to date in a file that the user may have edited."""
    with contextlib.suppress(OSError):
        lines = Path(path).read_text(errors="surrogateescape").splitlines()
        kept = [line for line in lines if line not in before or line in now]
        _write(path, [*kept, *(line for line in now if line not in kept)])


def tell_linking(engine: "Engine", container: Container) -> None:
    """The container runs, perhaps with another address: those that link to it learn of it."""
    for live in links.linking(engine, container):
        _change_links(live.container.hosts_path, links.host_lines(engine, live.container))


def _change_links(path: str, wanted: Sequence[str]) -> None:
    """Bring lines that name a linked container to the addresses of *wanted*, by their names."""
    fresh = {_first_name(line): line for line in wanted}
    with contextlib.suppress(OSError):
        lines = Path(path).read_text(errors="surrogateescape").splitlines()
        _write(path, [fresh.get(_first_name(line), line) for line in lines])


def _first_name(line: str) -> str:
    return line.partition("\t")[2].split(" ", 1)[0]


def _write(path: str, lines: Sequence[str]) -> None:
    """In place: a running container has the very file mounted."""
    Path(path).write_text(_joined(lines), errors="surrogateescape")
