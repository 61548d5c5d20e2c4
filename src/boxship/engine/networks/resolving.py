"""Who resolves names for whom: what the process that answers is told of containers."""

import asyncio
import ipaddress
import logging
import os
from typing import TYPE_CHECKING, Any

from boxship.base.errors import BoxshipError, Internal
from boxship.engine.containers import held
from boxship.engine.containers.store import Live
from boxship.engine.networks.network import Network
from boxship.network import namespace
from boxship.network.dns import redirect, resolv_conf
from boxship.network.dns.resolv_conf import Wishes
from boxship.network.namespace import Namespace
from boxship.types.networking import EndpointSettings

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_log = logging.getLogger(__name__)
Request = dict[str, Any]


def wishes(engine: "Engine", live: Live) -> Wishes:
    """The container's own, else the daemon's."""
    host, daemon = live.container.host_config, engine.options.names
    return Wishes(
        host.dns or daemon.servers,
        host.dns_search or daemon.search,
        host.dns_options or daemon.options,
    )


def _connected(engine: "Engine", live: Live) -> list[tuple[str, Network]]:
    """Its networks in the order in which names are looked for."""
    names = live.network.endpoints if live.network else {}
    rows = [(name, engine.networks.find(name)) for name in names]
    found = [(name, network) for name, network in rows if network is not None]

    def rank(row: tuple[str, Network]) -> tuple[bool, int, str]:
        name, network = row
        return network.internal, -live.container.endpoints[name].gw_priority, network.name

    return sorted(found, key=rank)


def wanted(engine: "Engine", live: Live) -> bool:
    """Whether it is on a network where names are resolved."""
    return any(network.user_defined for _, network in _connected(engine, live))


def has_ipv6(live: Live) -> bool:
    endpoints = live.network.endpoints.values() if live.network else ()
    return any(each.global_ipv6_address for each in endpoints)


def resolv_conf_text(engine: "Engine", live: Live) -> str:
    """What /etc/resolv.conf of the container says with the networks that it has now."""
    if live.container.host_config.network_mode == "host":
        return resolv_conf.of_host_network(resolv_conf.read_host(False), wishes(engine, live))
    host = resolv_conf.read_host()
    if live.id in engine.names.served or wanted(engine, live):
        return resolv_conf.with_resolver(host, wishes(engine, live), has_ipv6(live))[0]
    return resolv_conf.without_resolver(host, wishes(engine, live), has_ipv6(live))


def _spec(engine: "Engine", live: Live) -> Request:
    rows = _connected(engine, live)
    host = resolv_conf.read_host()
    _, forwarding = resolv_conf.with_resolver(host, wishes(engine, live), has_ipv6(live))
    return {
        "networks": [[net.id, net.name] for _, net in rows if net.user_defined],
        "links": {net.id: _links(live.container.endpoints[name]) for name, net in rows},
        "servers": [[*server] for server in forwarding.servers],
        "forward": not all(network.internal for _, network in rows),
        "qualified": forwarding.qualified,
    }


def _links(settings: EndpointSettings) -> dict[str, str]:
    """Names that only this container uses, and whom they mean."""
    found = {}
    for link in settings.links or ():
        target, _, alias = link.partition(":")
        found[(alias or target).lower()] = target
    return found


def _joins(engine: "Engine", live: Live) -> list[Request]:
    """What makes the container known on each of its networks."""
    return [
        {
            "op": "join",
            "container": live.id,
            "network": network.id,
            "network_name": network.name,
            "names": live.container.endpoints[name].dns_names or [],
            "addresses": _addresses(live.container.endpoints[name]),
        }
        for name, network in _connected(engine, live)
        if network.user_defined
    ]


def _addresses(settings: EndpointSettings) -> list[str]:
    given = (settings.ip_address, settings.global_ipv6_address)
    return [ipaddress.ip_address(each).packed.hex() for each in given if each]


async def begin(engine: "Engine", live: Live, inside: Namespace, again: bool = False) -> None:
    """Give the container in the namespace *inside* a resolver, if its networks have names.

    *again*: it has had one, of a process that is gone. :class:`Internal` when that cannot be.
    """
    if not wanted(engine, live):
        return
    try:
        fds = await asyncio.to_thread(redirect.install, inside, again)
    except OSError as error:
        raise Internal(f"cannot resolve names for {live.container.name}: {error}") from None
    opening = {"op": "open", "container": live.id, "spec": _spec(engine, live)}
    try:
        engine.names.send([opening, *_joins(engine, live)], fds)
        engine.names.served.add(live.id)
    except OSError as error:
        raise Internal(f"cannot resolve names for {live.container.name}: {error}") from None
    finally:
        for fd in fds:
            os.close(fd)


async def started(engine: "Engine", live: Live) -> None:
    """The container runs: its resolver ends with it, also when no daemon is there.

    It gets another one where the process has died since :func:`begin`.
    """
    if live.id in engine.names.served:
        _follow(engine, live)
    elif wanted(engine, live):
        await _begin_again(engine, live)


async def _begin_again(engine: "Engine", live: Live) -> None:
    """For a container that runs, and goes on where that fails."""
    try:
        await _begin_running(engine, live)
    except BoxshipError as error:
        _log.warning("%s", error)


def _follow(engine: "Engine", live: Live) -> None:
    try:
        pidfd = os.pidfd_open(live.container.state.pid)
    except OSError:
        # It has ended meanwhile.
        end(engine, live)
        return
    try:
        _tell(engine, [{"op": "follow", "container": live.id}], [pidfd])
    finally:
        os.close(pidfd)


def end(engine: "Engine", live: Live) -> None:
    """The container has no networks any more."""
    if live.id in engine.names.served:
        engine.names.served.discard(live.id)
        _tell(engine, [{"op": "close", "container": live.id}])


async def changed(engine: "Engine", live: Live, left: Network | None = None) -> None:
    """A running container has other networks, or another name. *left*: it is not there any more."""
    if live.id not in engine.names.served:
        if live.shim is not None and wanted(engine, live):
            await _begin_running(engine, live)
        return
    parts = [{"op": "part", "container": live.id, "network": left.id}] if left else []
    configured = {"op": "configure", "container": live.id, "spec": _spec(engine, live)}
    _tell(engine, [*parts, configured, *_joins(engine, live)])


async def _begin_running(engine: "Engine", live: Live) -> None:
    """Perhaps in place of what a process has left that is gone."""
    process = await held.hold(live.shim)
    if process is None:
        return
    try:
        with process:
            inside = await asyncio.to_thread(namespace.of_directory, process.path)
    except OSError:
        return
    try:
        await begin(engine, live, inside, again=True)
    finally:
        inside.close()
    _follow(engine, live)


def _tell(engine: "Engine", requests: list[Request], fds: list[int] | None = None) -> None:
    """What fails here is made good by :func:`restore`, which the loss of the process brings."""
    try:
        engine.names.send(requests, fds or [])
    except OSError as error:
        _log.warning("the process that resolves names: %s", error)


async def restore(engine: "Engine") -> None:
    """Tell everything: at the daemon's start, and to a new process in place of one that died.

    All names before the first resolver, so that none answers from half of them.
    """
    served = engine.names.served
    # Those served that do not run are being started.
    named = [
        live
        for live in engine.containers
        if live.network and (live.id in served or (live.shim and wanted(engine, live)))
    ]
    gone = [{"op": "close", "container": each} for each in served - {live.id for live in named}]
    served -= {request["container"] for request in gone}
    configured = [
        {"op": "configure", "container": live.id, "spec": _spec(engine, live)}
        for live in named
        if live.id in served
    ]
    joins = [row for live in named for row in _joins(engine, live)]
    if gone or named:
        _tell(engine, [*gone, {"op": "clear"}, *configured, *joins])
    for live in named:
        if live.id not in engine.names.served and live.shim:
            await _begin_again(engine, live)
