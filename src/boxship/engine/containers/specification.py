"""A container to what the runtime starts: OCI spec, plan, streams, log."""

import posixpath
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from boxship.base.errors import InvalidParameter
from boxship.base.ids import SHORT_LENGTH
from boxship.engine.containers import files, links, userns
from boxship.engine.containers.container import Container, MountPoint
from boxship.engine.containers.joins import target_of
from boxship.engine.containers.log_options import log_spec
from boxship.engine.containers.mount_points import tmpfs_mounts
from boxship.engine.containers.store import Live
from boxship.engine.containers.validation.security_options import parse_security_options
from boxship.engine.containers.validation.start import check_start
from boxship.engine.containers.volume_sources import Sources, user_mount
from boxship.network.namespace import Namespace
from boxship.runtime import seccomp
from boxship.runtime.plan import make_plan
from boxship.runtime.spec import build, devices, propagation
from boxship.runtime.spec.facts import Facts, HostDevice, UserMount
from boxship.runtime.supervisor import StartRequest

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


def hostname(engine: "Engine", container: Container) -> str:
    """The configured name, the shared one, or the short id."""
    target = target_of(container.host_config.network_mode)
    if target is not None:
        return hostname(engine, engine.containers.get(target).container)
    return container.config.hostname or container.id[:SHORT_LENGTH]


def _tmpfs_options(point: MountPoint) -> list[str]:
    options = ["noexec", "nosuid", "nodev"]
    for flag in point.options.get("flags") or ():
        options.append("=".join(flag))
    if point.options.get("size"):
        options.append(f"size={point.options['size']}")
    if point.options.get("mode"):
        options.append(f"mode={point.options['mode']:o}")
    return options + ([] if point.rw else ["ro"])


def _mounts(
    engine: "Engine", container: Container, sources: Sources, images: list[str]
) -> list[UserMount]:
    """The engine's own three files, the user's mounts, and ``--tmpfs``; fills *images*."""
    mounts = [
        UserMount("tmpfs", point.destination, options=_tmpfs_options(point))
        if point.type == "tmpfs"
        else user_mount(point, sources, images)
        for point in container.mounts
    ]
    taken = {mount.destination for mount in mounts}
    owner = container
    target = target_of(container.host_config.network_mode)
    if target is not None:
        owner = engine.containers.get(target).container
    own = {
        "/etc/resolv.conf": owner.resolv_conf_path,
        "/etc/hostname": owner.hostname_path,
        "/etc/hosts": owner.hosts_path,
    }
    for destination, source in own.items():
        if destination not in taken:
            read_only = container.host_config.readonly_rootfs
            mounts.append(UserMount("bind", destination, source, read_only))
    for destination, text in tmpfs_mounts(container.host_config).items():
        options = ["noexec", "nosuid", "nodev", *(o for o in text.split(",") if o)]
        mounts.append(UserMount("tmpfs", destination, options=options))
    return mounts


def _devices(container: Container) -> list[HostDevice]:
    found: list[HostDevice] = []
    for row in container.host_config.devices or ():
        found += devices.inspect_host(row.path_on_host, row.path_in_container or row.path_on_host)
    return found


def facts_of(
    engine: "Engine",
    container: Container,
    namespace: Namespace | None = None,
    mounts: Sequence[UserMount] = (),
    shared: Mapping[str, str] = MappingProxyType({}),
) -> Facts:
    host = container.host_config
    users = userns.mappings(engine, container)
    parent = posixpath.dirname(engine.cgroups.path_of(host.cgroup_parent, container.id))
    return Facts(
        id=container.id,
        hostname=hostname(engine, container),
        linked=links.environment(engine, container),
        cgroup_version=engine.host.cgroup_version,
        cgroup_parent=parent,
        joins=dict(shared),
        network_namespace=namespace.path if namespace else "",
        user_namespace=namespace.user_path if namespace else "",
        users=users.rows() if users else {},
        mounts=[*mounts],
        host_devices=devices.all_host_devices() if host.privileged else [],
        devices=[] if host.privileged else _devices(container),
        ulimits=engine.options.default_ulimits,
        no_new_privileges=parse_security_options(host.security_opt).no_new_privileges,
    )


def request_for(
    engine: "Engine",
    live: Live,
    namespace: Namespace | None,
    sources: Sources,
    shared: Mapping[str, str],
) -> StartRequest:
    """Everything that a start needs; errors are the user's own.

    *namespace*: the network that is being made for the container, if any; then the request needs
    its gate. *shared*: as :func:`joins.hold` has it.
    """
    container = live.container
    host = container.host_config
    if not container.path:
        raise InvalidParameter("no command specified")
    check_start(container.host_config)
    images: list[str] = []
    mounts = _mounts(engine, container, sources, images)
    facts = facts_of(engine, container, namespace, mounts, shared)
    propagation.check(facts.mounts)
    spec = build.build(container.config, host, [container.path, *container.args], facts)
    spec["process"]["env"] += live.secret_env
    cgroup = engine.cgroups.plan(spec["linux"]["cgroupsPath"])
    init = engine.options.init if host.init is None else host.init
    return StartRequest(
        id=container.id,
        plan=make_plan(spec, cgroup, init and host.pid_mode != "host", gated=namespace is not None),
        rootfs=files.rootfs(engine, container, live.above_image),
        stdio=_stdio(live),
        log=log_spec(container),
        filter_program=filter_program(
            container, host.privileged, spec["process"]["capabilities"]["bounding"]
        ),
        kill_at=engine.options.kill_at,
        images=[live.trees.get(image) or files.image_rootfs(engine, image) for image in images],
    )


def filter_program(container: Container, privileged: bool, caps: list[str]) -> bytes | None:
    """The seccomp program, or None for a process that is not filtered."""
    chosen = parse_security_options(container.host_config.security_opt).seccomp
    if privileged or chosen == "unconfined":
        return None
    return seccomp.program(chosen, tuple(sorted(caps)))


def _stdio(live: Live) -> dict[str, Any]:
    config = live.container.config
    size = live.size or live.container.host_config.console_size
    return {
        "tty": config.tty,
        "stdin": config.open_stdin,
        "stdin_once": config.stdin_once,
        "size": list(size),
    }
