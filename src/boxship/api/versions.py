"""What differs between the API versions that we serve: rows, and the two functions that apply them.

Handlers deal with the current version only. Versions are half-open: a row holds from *since* up to
but not including *until*. Source: the Engine API's version history.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from boxship.api.request import Version
from boxship.engine.host import host
from boxship.images.creation import EMPTY_CONFIG

T = TypeVar("T")
_FIRST: Version = (0, 0)
_LAST: Version = (1 << 30, 0)


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """A member of an answer that only some versions have.

    *path* is dotted; ``[]`` goes through a list, ``*`` through the values of an object. Outside its
    versions the member is dropped. Inside, a missing one becomes ``value(parent)``, and an existing
    one ``change(member)``.
    """

    subject: str
    path: str
    since: Version = _FIRST
    until: Version = _LAST
    value: Callable[[dict[str, Any]], Any] | None = None
    change: Callable[[Any], Any] | None = None
    drop_outside: bool = True


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A field of a request model that means something else to versions before *until*: an empty
    one becomes ``default()``, or any value is dropped because that version did not know it."""

    subject: str
    path: str
    until: Version
    default: Callable[[], Any] | None = None
    ignored: Any = None


def _short_security_options(options: list[str]) -> list[str]:
    return [option.partition(",")[0].removeprefix("name=") for option in options]


def _untagged_marks(image: dict[str, Any]) -> dict[str, Any]:
    """No names at all are marked, those of one kind null."""
    tags, digests = image.get("RepoTags"), image.get("RepoDigests")
    if tags or digests:
        return {**image, "RepoTags": tags or None, "RepoDigests": digests or None}
    return {**image, "RepoTags": ["<none>:<none>"], "RepoDigests": ["<none>@<none>"]}


def _size(image: dict[str, Any]) -> Any:
    return image.get("Size", 0)


def _commit_expected(commit: dict[str, Any]) -> Any:
    return commit.get("ID", "")


def _names_as_aliases(endpoint: dict[str, Any]) -> dict[str, Any]:
    """Short id and host name were aliases before there were DNSNames, which begin with the name."""
    names = endpoint.get("DNSNames")
    if names:
        aliases = [*(endpoint["Aliases"] or ()), *names[1:]]
        endpoint["Aliases"] = list(dict.fromkeys(aliases))
    return endpoint


RESPONSES = (
    ResponseRow("info", "ExecutionDriver", until=(1, 25), value=lambda _: "<not supported>"),
    ResponseRow(
        "info",
        "SecurityOptions",
        until=(1, 25),
        change=_short_security_options,
        drop_outside=False,
    ),
    ResponseRow("info", "KernelMemory", until=(1, 42), value=lambda info: info["MemoryLimit"]),
    ResponseRow("info", "Containerd", since=(1, 46)),
    ResponseRow("info", "ContainerdCommit.Expected", until=(1, 49), value=_commit_expected),
    ResponseRow("info", "RuncCommit.Expected", until=(1, 49), value=_commit_expected),
    ResponseRow("info", "InitCommit.Expected", until=(1, 49), value=_commit_expected),
    ResponseRow("info", "FirewallBackend", since=(1, 49)),
    ResponseRow("info", "BridgeNfIptables", until=(1, 50)),
    ResponseRow("info", "BridgeNfIp6tables", until=(1, 50)),
    ResponseRow("info", "DiscoveredDevices", since=(1, 50)),
    ResponseRow("image.list", "[]", until=(1, 43), change=_untagged_marks, drop_outside=False),
    ResponseRow("image.list", "[].VirtualSize", until=(1, 44), value=_size),
    ResponseRow("image.list", "[].Descriptor", since=(1, 48)),
    ResponseRow("image.list", "[].Manifests", since=(1, 47)),
    ResponseRow("image.inspect", "VirtualSize", until=(1, 44), value=_size),
    ResponseRow("image.inspect", "Container", until=(1, 45)),
    ResponseRow(
        "image.inspect", "ContainerConfig", until=(1, 45), value=lambda _: dict(EMPTY_CONFIG)
    ),
    ResponseRow("image.inspect", "Descriptor", since=(1, 48)),
    ResponseRow("image.inspect", "Manifests", since=(1, 48)),
    ResponseRow("system.df", "Images.[].VirtualSize", until=(1, 44), value=_size),
    ResponseRow("container.inspect", "ImageManifestDescriptor", since=(1, 48)),
    ResponseRow("container.inspect", "NetworkSettings.Networks.*.GwPriority", since=(1, 48)),
    ResponseRow(
        "container.inspect",
        "NetworkSettings.Networks.*",
        until=(1, 45),
        change=_names_as_aliases,
        drop_outside=False,
    ),
    ResponseRow("container.list", "[].HostConfig.Annotations", since=(1, 46)),
    ResponseRow("system.df", "Containers.[].HostConfig.Annotations", since=(1, 46)),
    ResponseRow("container.list", "[].ImageManifestDescriptor", since=(1, 48)),
    ResponseRow("container.list", "[].NetworkSettings.Networks.*.GwPriority", since=(1, 48)),
    ResponseRow("system.df", "Containers.[].ImageManifestDescriptor", since=(1, 48)),
    ResponseRow("system.df", "Containers.[].NetworkSettings.Networks.*.GwPriority", since=(1, 48)),
    ResponseRow("network.inspect", "EnableIPv4", since=(1, 48)),
    ResponseRow("network.list", "[].EnableIPv4", since=(1, 48)),
)


def _old_cgroup_namespace() -> str:
    return "host" if host().cgroup_version == 1 else ""


def _shareable() -> str:
    return "shareable"


REQUESTS = (
    RequestRow("container.create", "host_config.ipc_mode", (1, 40), default=_shareable),
    RequestRow(
        "container.create", "host_config.cgroupns_mode", (1, 41), default=_old_cgroup_namespace
    ),
    RequestRow("container.create", "host_config.console_size", (1, 42), ignored=(0, 0)),
    RequestRow("container.create", "host_config.annotations", (1, 43)),
    RequestRow("container.create", "healthcheck.start_interval", (1, 44), ignored=0),
    RequestRow(
        "container.create", "host_config.mounts.[].bind_options.non_recursive", (1, 40),
        ignored=False,
    ),
    RequestRow(
        "container.create", "host_config.mounts.[].bind_options.create_mountpoint", (1, 42),
        ignored=False,
    ),
    RequestRow(
        "container.create", "host_config.mounts.[].bind_options.read_only_non_recursive", (1, 44),
        ignored=False,
    ),
    RequestRow("exec.create", "console_size", (1, 42)),
    RequestRow("exec.start", "console_size", (1, 42)),
)  # fmt: skip


def adapt_response(subject: str, version: Version, answer: T) -> T:
    """*answer* (dicts and lists, changed in place) as *version* knows it."""
    for steps, name, row in _response_rows(subject, version):
        inside = row.since <= version < row.until
        for parent in _walk(answer, steps):
            _adapt_member(parent, name, row, inside)
    return answer


def _adapt_member(parent: Any, name: str, row: ResponseRow, inside: bool) -> None:
    if name == "[]":
        if inside and row.change is not None:
            parent[:] = [row.change(member) for member in parent]
    elif name == "*":
        if inside and row.change is not None:
            parent.update({key: row.change(member) for key, member in parent.items()})
    elif not inside:
        parent.pop(name, None)
    elif name in parent:
        if row.change is not None:
            parent[name] = row.change(parent[name])
    elif row.value is not None:
        parent[name] = row.value(parent)


@cache
def _response_rows(
    subject: str, version: Version
) -> tuple[tuple[tuple[str, ...], str, ResponseRow], ...]:
    """The rows that do something for *version*, their paths split before the last step."""
    found = []
    for row in RESPONSES:
        inside = row.since <= version < row.until
        acts = row.value is not None or row.change is not None if inside else row.drop_outside
        if row.subject == subject and acts:
            *steps, name = row.path.split(".")
            found.append((tuple(steps), name, row))
    return tuple(found)


def _walk(
    value: Any, steps: tuple[str, ...], member: Callable[[Any, str], Any] = dict.get
) -> Iterator[Any]:
    """The objects or lists at the end of *steps*; what is null or absent is passed over.

    *member* gives one of an object by its name.
    """
    if value is None:
        return
    if not steps:
        yield value
    elif steps[0] == "[]":
        for each in value:
            yield from _walk(each, steps[1:], member)
    elif steps[0] == "*":
        for each in value.values():
            yield from _walk(each, steps[1:], member)
    else:
        yield from _walk(member(value, steps[0]), steps[1:], member)


def adapt_request(subject: str, version: Version, model: T) -> T:
    """*model* (changed in place) with the defaults and the ignorance of *version*."""
    for row in REQUESTS:
        if row.subject == subject and version < row.until:
            *steps, name = row.path.split(".")
            for owner in _walk(model, tuple(steps), getattr):
                _adapt_field(owner, name, row)
    return model


def _adapt_field(owner: Any, name: str, row: RequestRow) -> None:
    if row.default is None:
        setattr(owner, name, row.ignored)
    elif not getattr(owner, name):
        setattr(owner, name, row.default())
