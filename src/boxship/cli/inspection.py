"""Objects shown in full: as JSON or by a template."""

from __future__ import annotations

import json

from boxship.base.errors import BoxshipError, InvalidParameter, NotFound
from boxship.cli.errors import Failed
from boxship.client.query import quote_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from boxship.cli.app import App

# Where each kind of object is found, in the order in which a name is looked for.
KINDS = {
    "container": "/containers/{}/json",
    "image": "/images/{}/json",
    "network": "/networks/{}",
    "volume": "/volumes/{}",
    "plugin": "/plugins/{}/json",
}

# What may be asked of each kind beyond its name.
QUERIES = {"container": ("size",), "network": ("verbose",)}

# Fields that Go shows as an empty list or map where JSON has null.
_LISTS = frozenset(
    (
        "Binds",
        "CapAdd",
        "CapDrop",
        "Cmd",
        "DeviceCgroupRules",
        "DeviceRequests",
        "Devices",
        "Dns",
        "DnsOptions",
        "DnsSearch",
        "Entrypoint",
        "Env",
        "ExecIDs",
        "ExtraHosts",
        "GroupAdd",
        "Links",
        "MaskedPaths",
        "Mounts",
        "OnBuild",
        "ReadonlyPaths",
        "RepoDigests",
        "RepoTags",
        "SecurityOpt",
        "Ulimits",
        "VolumesFrom",
    )
)
_MAPS = frozenset(
    ("ExposedPorts", "Labels", "Networks", "Options", "PortBindings", "Ports", "Volumes")
)
# Maps of texts: a key that one has not is no error to Go.
_TEXTS = frozenset(("Annotations", "DriverOpts", "Labels", "Options", "Sysctls", "Tmpfs"))

# Fields that are left out of the JSON where they have no value, and how Go shows that.
_OMITTED: dict[str, dict[str, Any]] = {
    "Config": {"Healthcheck": None, "StopTimeout": None},
    "State": {"Health": None},
    "HostConfig": {
        "Annotations": {},
        "Init": None,
        "KernelMemory": 0,
        "KernelMemoryTCP": 0,
        "Mounts": [],
        "StorageOpt": {},
        "Sysctls": {},
        "Tmpfs": {},
    },
}

# Objects that are structs to Go, which prints the values of their fields in this order.
_ORDER: dict[str, tuple[str, ...]] = {
    "Devices": ("PathOnHost", "PathInContainer", "CgroupPermissions"),
    "GraphDriver": ("Data", "Name"),
    "LogConfig": ("Type", "Config"),
    "Mounts": ("Type", "Name", "Source", "Destination", "Driver", "Mode", "RW", "Propagation"),
    "PortBindings": ("HostIp", "HostPort"),
    "Ports": ("HostIp", "HostPort"),
    "RestartPolicy": ("Name", "MaximumRetryCount"),
    "State": (
        "Status",
        "Running",
        "Paused",
        "Restarting",
        "OOMKilled",
        "Dead",
        "Pid",
        "ExitCode",
        "Error",
        "StartedAt",
        "FinishedAt",
        "Health",
    ),
}

# Docker's exit code for a template that cannot be parsed (EX_USAGE of sysexits.h).
BAD_TEMPLATE = 64


def inspect(
    app: App,
    names: Sequence[str],
    kinds: Sequence[str],
    template: str,
    *,
    size: bool = False,
    verbose: bool = False,
    find: Callable[[str], Any] | None = None,
) -> int:
    """Print the objects of *names*; then, where one was not found, its error. The exit code.

    *find* looks for an object elsewhere than the daemon has its own.
    """
    show = _template(template) if template not in ("", "json") else None
    found: list[Any] = []
    errors: list[str] = []
    wanted = {"size": size, "verbose": verbose}
    for name in names:
        try:
            item = find(name) if find else _find(app, name, kinds, wanted)
            found.append(show(item) if show else item)
        except (BoxshipError, Failed) as error:
            errors.append(str(error))
    if show is None:
        app.print(json.dumps(found, indent=None if template else 4, **_plain(template)))
    else:
        app.print("\n".join(found))
    if errors:
        raise Failed("\n".join(errors))
    return 0


def _plain(template: str) -> dict[str, Any]:
    return {"ensure_ascii": False, "separators": (",", ":") if template else None}


def _template(source: str) -> Callable[[object], str]:
    from boxship.cli.output.objects import compiled

    try:
        template = compiled(source)
    except InvalidParameter as error:
        raise Failed(str(error), BAD_TEMPLATE) from None

    def show(value: object) -> str:
        try:
            return template.render(_as_go_sees(value))
        except InvalidParameter as error:
            raise Failed(f"template parsing error: {error}") from None

    return show


def _as_go_sees(value: Any, name: str = "") -> Any:
    """*value*, the field *name*, with its nulls and structs shown as Go shows those of its type."""
    from boxship.cli.template.values import EMPTY_LIST, EMPTY_MAP, NIL_POINTER, GoMap, GoStruct

    if value is None:
        return EMPTY_LIST if name in _LISTS else EMPTY_MAP if name in _MAPS else NIL_POINTER
    if isinstance(value, list):
        return [_as_go_sees(item, name) for item in value]
    if not isinstance(value, dict):
        return value
    if name in _TEXTS:
        return GoMap(value)
    if name in _PORTS and not _is_struct(name, value):
        return {port: [] if one is None else _as_go_sees(one, name) for port, one in value.items()}
    shown = {key: _as_go_sees(item, key) for key, item in value.items()}
    if name in _OMITTED or _is_struct(name, value):
        order = _ORDER[name] if _is_struct(name, value) else ()
        return GoStruct(shown, _OMITTED.get(name, {}), order)
    return shown


_PORTS = ("PortBindings", "Ports")


def _is_struct(name: str, value: dict[str, Any]) -> bool:
    """Whether *value* has fields of the struct; other objects have some of the names, too."""
    fields = _ORDER.get(name, ())
    return bool(fields) and fields[-2] in value


def _find(app: App, name: str, kinds: Sequence[str], wanted: dict[str, bool]) -> Any:
    last: BoxshipError = NotFound("")
    for kind in kinds if name.strip("/") else ():
        query = {flag: wanted[flag] for flag in QUERIES.get(kind, ())}
        try:
            return app.client.json("GET", KINDS[kind].format(quote_name(name)), query)
        except NotFound as error:
            last = error
    if len(kinds) == 1:
        raise last
    raise Failed(f"Error: No such object: {name}")
