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

# Pointers that are left out where they are null.
_OMITTED = {"Config": ("Healthcheck", "StopTimeout"), "State": ("Health",)}

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
    error: BoxshipError | Failed | None = None
    for name in names:
        try:
            wanted = {"size": size, "verbose": verbose}
            found.append(find(name) if find else _find(app, name, kinds, wanted))
        except (BoxshipError, Failed) as problem:
            error = problem
            break
    if show is None:
        app.print(json.dumps(found, indent=None if template else 4, **_plain(template)))
    else:
        _print_each(app, show, found)
    if error is not None:
        raise Failed(str(error))
    return 0


def _plain(template: str) -> dict[str, Any]:
    return {"ensure_ascii": False, "separators": (",", ":") if template else None}


def _print_each(app: App, show: Callable[[object], str], found: list[Any]) -> None:
    try:
        for item in found:
            app.print(show(item))
    except InvalidParameter as error:
        app.print()
        raise Failed(f"template parsing error: {error}") from None
    if not found:
        app.print()


def _template(source: str) -> Callable[[object], str]:
    from boxship.cli.output.objects import compiled

    try:
        template = compiled(source)
    except InvalidParameter as error:
        raise Failed(str(error), BAD_TEMPLATE) from None
    return lambda value: template.render(_as_go_sees(value))


def _as_go_sees(value: Any) -> Any:
    """*value* with its nulls shown as Go shows those of their types."""
    from boxship.cli.template.values import EMPTY_LIST, EMPTY_MAP, NIL_POINTER, GoMap, GoStruct

    if isinstance(value, list):
        return [_as_go_sees(item) for item in value]
    if not isinstance(value, dict):
        return value
    shown: dict[str, Any] = {}
    for name, item in value.items():
        if item is None and name in _LISTS:
            shown[name] = EMPTY_LIST
        elif item is None and name in _MAPS:
            shown[name] = EMPTY_MAP
        elif item is None:
            shown[name] = NIL_POINTER
        elif name in _TEXTS:
            shown[name] = GoMap(item)
        elif name in _OMITTED:
            shown[name] = GoStruct(_as_go_sees(item), _OMITTED[name])
        else:
            shown[name] = _as_go_sees(item)
    return shown


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
