"""All the mounts that a container asks for, from its four kinds of request."""

from collections.abc import Iterator
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.engine.containers.container import MountPoint
from boxship.engine.containers.validation.binds import (
    DEFAULT_PROPAGATION,
    clean_path,
    parse_bind,
)
from boxship.engine.containers.validation.mount_config import destination_flaw
from boxship.engine.containers.validation.volume_names import check_volume
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig
from boxship.types.mounts import Mount


def requested_mounts(host: HostConfig) -> list[MountPoint]:
    """The mount points of ``Binds`` and ``Mounts``.

    :class:`InvalidParameter` for duplicates and bad names, NotFound for drivers of volumes.

    ``Tmpfs`` entries are not mount points in Docker's answers: see :func:`tmpfs_mounts`. Volumes
    come without a source: the caller creates them and fills it in. ``options`` may hold
    ``create_source``, ``non_recursive``, ``read_only_non_recursive``,
    ``read_only_force_recursive`` (binds); ``no_copy``, ``subpath``, ``labels``, ``driver_opts``
    (volumes); ``size`` in bytes, ``mode``, ``flags`` (tmpfs);
    ``subpath`` (images).
    """
    points: dict[str, MountPoint] = {}
    for point in _binds_and_mounts(host):
        if point.destination in points or _hidden_by_tmpfs(host, point):
            raise InvalidParameter(f"Duplicate mount point: {point.destination}")
        points[point.destination] = point
    for point in points.values():
        if point.type == "volume":
            check_volume(point.name, point.driver)
    return list(points.values())


def _hidden_by_tmpfs(host: HostConfig, point: MountPoint) -> bool:
    """Docker minds a tmpfs over a bind of the short syntax only."""
    return point.options.get("short_syntax", False) and point.destination in (host.tmpfs or {})


def tmpfs_mounts(host: HostConfig) -> dict[str, str]:
    """Destination to options, paths cleaned."""
    for path in host.tmpfs or ():
        flaw = destination_flaw(path)
        if flaw:
            raise InvalidParameter(flaw)
    return {clean_path(path): options for path, options in (host.tmpfs or {}).items()}


def image_volumes(config: ContainerConfig, host: HostConfig, taken: set[str]) -> list[MountPoint]:
    """Anonymous volumes for ``Volumes`` whose destination is not in *taken* nor a tmpfs."""
    taken = taken | set(tmpfs_mounts(host))
    points = []
    for path in config.volumes or ():
        destination = clean_path(path)
        if destination == "/":
            raise InvalidParameter("invalid specification: destination can't be '/'")
        if destination not in taken:
            taken.add(destination)
            driver = host.volume_driver or "local"
            points.append(
                MountPoint(type="volume", source="", destination=destination, driver=driver)
            )
    return points


def _binds_and_mounts(host: HostConfig) -> Iterator[MountPoint]:
    for text in host.binds or ():
        point = parse_bind(text, host.volume_driver)
        point.options = {**point.options, "short_syntax": True}
        yield point
    for mount in host.mounts or ():
        yield _BUILDERS[mount.type](mount)


def _bind(mount: Mount) -> MountPoint:
    options = mount.bind_options
    chosen: dict[str, Any] = {}
    if options is not None:
        chosen = {
            "create_source": options.create_mountpoint,
            "non_recursive": options.non_recursive,
            "read_only_non_recursive": options.read_only_non_recursive,
            "read_only_force_recursive": options.read_only_force_recursive,
        }
    return MountPoint(
        type="bind",
        source=clean_path(mount.source),
        destination=clean_path(mount.target),
        rw=not mount.read_only,
        propagation=(options and options.propagation) or DEFAULT_PROPAGATION,
        options={name: True for name, wanted in chosen.items() if wanted},
    )


def _volume(mount: Mount) -> MountPoint:
    options = mount.volume_options
    driver = options.driver_config if options else None
    chosen: dict[str, Any] = {}
    if options is not None:
        chosen = {
            "no_copy": options.no_copy,
            "subpath": options.subpath,
            "labels": options.labels,
            "driver_opts": driver.options if driver else None,
        }
    return MountPoint(
        type="volume",
        source="",
        name=mount.source,
        driver=(driver.name if driver else "") or "local",
        destination=clean_path(mount.target),
        mode="z",
        rw=not mount.read_only,
        options={name: value for name, value in chosen.items() if value},
    )


def _tmpfs(mount: Mount) -> MountPoint:
    options = mount.tmpfs_options
    chosen: dict[str, Any] = {}
    if options is not None:
        chosen = {"size": options.size_bytes, "mode": options.mode, "flags": options.options}
    return MountPoint(
        type="tmpfs",
        source="",
        destination=clean_path(mount.target),
        rw=not mount.read_only,
        options={name: value for name, value in chosen.items() if value},
    )


def _image(mount: Mount) -> MountPoint:
    """Whatever was asked for, nobody writes to an image."""
    subpath = mount.image_options.subpath if mount.image_options else ""
    return MountPoint(
        type="image",
        source=mount.source,
        destination=clean_path(mount.target),
        rw=False,
        options={"subpath": subpath} if subpath else {},
    )


_BUILDERS = {"bind": _bind, "volume": _volume, "tmpfs": _tmpfs, "image": _image}
