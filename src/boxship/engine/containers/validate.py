"""From a create request to a container's configuration: check, fill in, merge with the image.

Two steps, because the image is looked up only for a request that makes sense: :func:`prepare`
without it, :func:`complete` with it. Both leave their arguments as they are.
"""

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.engine.containers.container import MountPoint
from boxship.engine.containers.defaults import apply_defaults, default_endpoints
from boxship.engine.containers.host_facts import HostFacts
from boxship.engine.containers.image_config import command, merge_image_config
from boxship.engine.containers.mount_points import requested_mounts, tmpfs_mounts
from boxship.engine.containers.validation.addresses import check_extra_host
from boxship.engine.containers.validation.capabilities import normalize_capabilities
from boxship.engine.containers.validation.config import check_config, clean_working_dir
from boxship.engine.containers.validation.endpoints import PREDEFINED, check_endpoint
from boxship.engine.containers.validation.logging import check_log_config
from boxship.engine.containers.validation.modes import (
    CONTAINER,
    check_modes,
    check_remapped,
)
from boxship.engine.containers.validation.mount_config import Exists, check_mount
from boxship.engine.containers.validation.names import parse_link, parse_volumes_from
from boxship.engine.containers.validation.nul_bytes import refuse_nul_bytes
from boxship.engine.containers.validation.ports import check_port_bindings
from boxship.engine.containers.validation.resources import check_resources
from boxship.engine.containers.validation.restart import check_restart_policy
from boxship.engine.containers.validation.security_options import parse_security_options
from boxship.types.container_config import ContainerConfig
from boxship.types.create import CreateRequest
from boxship.types.host_config import HostConfig
from boxship.types.networking import EndpointSettings

#: What stands against an endpoint (network, settings) by what its network has.
NetworkFlaws = Callable[[str, EndpointSettings], Sequence[str]]
_EMPTY = ContainerConfig()
_MAC_DEPRECATED = (
    "The container-wide MacAddress field is now deprecated."
    " It should be specified in EndpointsConfig instead."
)


@dataclass
class Prepared:
    """A request that makes sense. ``endpoints`` is empty when the network is shared or off."""

    config: ContainerConfig
    host_config: HostConfig
    endpoints: dict[str, EndpointSettings]
    mounts: list[MountPoint]
    path: str = ""
    args: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def prepare(
    request: CreateRequest,
    facts: HostFacts,
    ipc_mode: str = "private",
    cgroupns_mode: str = "",
    warn_mac_address: bool = True,
    exists: Exists = os.path.exists,
    network_flaws: NetworkFlaws = lambda name, endpoint: (),
) -> Prepared:
    """Check *request* and fill in its host part.

    *ipc_mode*, *cgroupns_mode* and *warn_mac_address* depend on the client's API version; *exists*
    tells whether the source of a bind is there, *network_flaws* what an endpoint asks of a network
    that it has not. Raises :class:`InvalidParameter`.
    """
    config = request.container_config()
    if config == _EMPTY:
        raise InvalidParameter("config cannot be empty in order to create a container")
    asked = copy.copy(request.host_config) if request.host_config else HostConfig()
    check_modes(config, asked)
    check_config(config)
    _check_host(asked, exists)
    host = apply_defaults(asked, facts, ipc_mode, cgroupns_mode)
    warnings = check_resources(host, facts)
    _check_platform(host, facts)
    wanted = request.networking_config.endpoints_config if request.networking_config else None
    endpoints = default_endpoints(config, host, wanted)
    warnings += _move_mac_address(config, host, endpoints, warn_mac_address)
    for name, endpoint in (endpoints or wanted or {}).items():
        check_endpoint(name, endpoint, network_flaws(name, endpoint))
    if host.network_mode == "host" and host.port_bindings:
        warnings.append("Published ports are discarded when using host network mode")
    return Prepared(config, host, endpoints, requested_mounts(host), warnings=warnings)


def complete(prepared: Prepared, image_config: Mapping[str, Any] | None) -> Prepared:
    """*prepared* merged with the image's ``config`` object; sets ``path`` and ``args``.

    :class:`InvalidParameter` when neither names a command. Volumes that come from the image are
    not in ``mounts`` yet: see :func:`boxship.engine.containers.mount_points.image_volumes`.
    """
    config = merge_image_config(prepared.config, image_config)
    refuse_nul_bytes(config, prepared.host_config)
    path, args = command(config)
    config.working_dir = clean_working_dir(config.working_dir)
    done = copy.copy(prepared)
    done.config, done.path, done.args = config, path, args
    return done


def _check_host(host: HostConfig, exists: Exists) -> None:
    for mount in host.mounts or ():
        check_mount(mount, exists)
    for extra in host.extra_hosts or ():
        check_extra_host(extra)
    check_restart_policy(host.restart_policy, host.auto_remove)
    check_port_bindings(host)
    normalize_capabilities("CapAdd", host.cap_add)
    normalize_capabilities("CapDrop", host.cap_drop)
    if "" in (host.annotations or {}):
        raise InvalidParameter(
            "invalid Annotations: the empty string is not permitted as an annotation key"
        )
    for kind, value in (("IOPs", host.io_maximum_iops), ("bandwidth", host.io_maximum_bandwidth)):
        if value:
            raise InvalidParameter(
                f"Invalid QoS settings: linux does not support configuration of maximum {kind}"
            )
    parse_security_options(host.security_opt)
    tmpfs_mounts(host)
    for link in host.links or ():
        parse_link(link)
    for other in host.volumes_from or ():
        parse_volumes_from(other)


def _check_platform(host: HostConfig, facts: HostFacts) -> None:
    if facts.remaps_users:
        check_remapped(host)
    if host.shm_size < 0:
        raise InvalidParameter("SHM size can not be less than 0")
    if not -1000 <= host.oom_score_adj <= 1000:
        raise InvalidParameter(
            f"Invalid value {host.oom_score_adj}, range for oom score adj is [-1000, 1000]"
        )
    if host.runtime not in facts.runtimes:
        raise InvalidParameter(f"unknown or invalid runtime name: {host.runtime}")
    check_log_config(host.log_config)
    for option in host.storage_opt or ():
        if option.lower() != "size":
            raise InvalidParameter(f"Unknown option {option}")
        raise InvalidParameter(
            "--storage-opt is supported only for overlay over xfs with 'pquota' mount option"
        )


def _move_mac_address(
    config: ContainerConfig,
    host: HostConfig,
    endpoints: dict[str, EndpointSettings],
    warn: bool,
) -> list[str]:
    """The old place of the MAC address, kept for old clients: it means the main network."""
    address = config.mac_address
    main = endpoints.get(host.network_mode)
    if not address:
        config.mac_address = main.mac_address if main else ""
        return []
    takes_one = host.network_mode not in PREDEFINED - {"bridge"}
    if main is None or not takes_one or host.network_mode.startswith(CONTAINER):
        config.mac_address = ""
    elif main.mac_address and main.mac_address != address:
        raise InvalidParameter(
            "the container-wide MAC address must match the endpoint-specific MAC address"
            " for the main network, or be left empty"
        )
    else:
        endpoints[host.network_mode] = copy.copy(main)
        endpoints[host.network_mode].mac_address = address
    return [_MAC_DEPRECATED] if warn else []
