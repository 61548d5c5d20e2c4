"""OCI configuration to the steps that the container's first process carries out (pure).

The order is the design: sources are opened while mounts still are the host's, everything is
attached before the root is entered, the root is sealed last.
"""

from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from boxship.kernel.mount import MS_SHARED, MS_SLAVE
from boxship.runtime import mount_options, user_namespaces

Step = tuple[str, dict[str, Any]]
Spec = dict[str, Any]
# With these, mounts of the host below a source reach the container.
_PASSING_ON = (MS_SHARED, MS_SLAVE)
# Docker sets these where the kernel has them.
_OPTIONAL_SYSCTLS = ("net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range")


@dataclass(slots=True)
class Plan:
    """*steps* for init; *pid_namespace*: ``new``, a path, or empty for the host's.

    *user_namespace*: mappings and perhaps a path, see ``sandbox/userns.py``; empty for the host's.
    """

    steps: list[Step]
    pid_namespace: str
    process: Spec
    cgroup: Spec
    resources: Spec
    init: bool = False
    user_namespace: Spec = field(default_factory=dict)
    extra: Spec = field(default_factory=dict)

    def to_message(self) -> Spec:
        """What the first process reads; shares its parts with the plan."""
        message: Spec = {one.name: getattr(self, one.name) for one in fields(self)}
        # The shim's too, which gets it by itself.
        del message["cgroup"]
        extra: Spec = message.pop("extra")
        return message | extra


class _Sources:
    """What mounts are made of, opened together at the start; steps refer to them by index."""

    def __init__(self) -> None:
        self.binds: list[Spec] = []
        self.volumes: list[Spec] = []
        self.subpaths: list[Spec] = []
        self._count = 0

    def add(
        self, path: str, recursive: bool, mount: Spec | None = None, propagation: int = 0
    ) -> int:
        """Return the index of a new source.

        A source is a peer of the host's mount only where *propagation* (``MS_*``) passes mounts on.
        *mount* may have ``process``, ``filesystem``, ``image``, ``subpath``, ``failure``."""
        index, self._count = self._count, self._count + 1
        mount = mount or {}
        row: Spec = {"index": index}
        if "image" in mount:
            self.volumes.append(row | {"image": mount["image"]})
        elif "filesystem" in mount:
            self.volumes.append(row | mount["filesystem"])
        else:
            row |= {"path": path, "recursive": recursive, "process": mount.get("process", "")}
            row["peers"] = propagation in _PASSING_ON
            self.binds.append(row | {"failure": mount.get("failure", "")})
        if mount.get("subpath"):
            base = mount.get("base", path)
            self.subpaths.append({"index": index, "subpath": mount["subpath"], "base": base})
        return index


def _namespaces(spec: Spec) -> tuple[Spec, str]:
    """The step that enters all but the user and pid namespaces, and the pid namespace."""
    join: dict[str, str] = {}
    new: list[str] = []
    pid = ""
    for row in spec["linux"]["namespaces"]:
        kind, path = row["type"], row.get("path")
        if kind == "pid":
            pid = path or "new"
        elif kind == "user":
            continue
        elif path:
            join[kind] = path
        else:
            new.append(kind)
    return {"join": join, "new": new}, pid


@lru_cache(maxsize=256)
def _parsed(options: tuple[str, ...]) -> mount_options.Parsed:
    """Most mounts of most containers are the same; nobody changes what is said of them."""
    return mount_options.parse([*options])


def _mount_step(mount: Spec, sources: _Sources, cgroup: Spec) -> Step:
    parsed = _parsed(tuple(mount["options"]))
    if mount["type"] == "cgroup":
        return "mount-cgroup", _cgroup_mount(parsed, sources, cgroup)
    step: Spec = {
        "type": mount["type"],
        "target": mount["destination"],
        "name": mount["source"],
        "attributes": parsed.attributes,
        "attributes_recursive": parsed.attributes_recursive,
        "options": parsed.data,
        "propagation": parsed.propagation,
    }
    if mount["type"] == "bind":
        step["source"] = sources.add(mount["source"], parsed.recursive, mount, parsed.propagation)
    return "mount", step


def _cgroup_mount(parsed: mount_options.Parsed, sources: _Sources, cgroup: Spec) -> Spec:
    hierarchies = {
        name: sources.add(path, False) for name, path in cgroup.get("hierarchies", {}).items()
    }
    return {
        "version": cgroup["version"],
        "read_only": bool(parsed.attributes & 1),
        "hierarchies": hierarchies,
    }


def _change_network(sysctls: Spec) -> bool:
    """Whether what they do depends on which interfaces there are."""
    return any(name.startswith("net.") and name not in _OPTIONAL_SYSCTLS for name in sysctls)


def make_plan(spec: Spec, cgroup: Spec, init: bool = False, gated: bool = False) -> Plan:
    """*cgroup*: ``version``, ``path`` (the container's, below the mounts), and for v1
    ``hierarchies``, the container's directory in each by the name it has in /sys/fs/cgroup.

    *gated*: the network is made meanwhile, and the program waits for it.
    """
    linux = spec["linux"]
    entering, pid_namespace = _namespaces(spec)
    sources = _Sources()
    mounts = [_mount_step(mount, sources, cgroup) for mount in spec["mounts"]]
    user = user_namespaces.from_spec(spec)
    own_dev = not any(m["destination"] == "/dev" and m["type"] == "bind" for m in spec["mounts"])
    steps: list[Step] = [("join-cgroup", {})]
    if sources.volumes:
        steps.append(("open-volumes", {"volumes": sources.volumes}))
    if user:
        steps.append(("open-sources", {"sources": sources.binds, "unprivileged": True}))
        steps += user_namespaces.before(spec, user, entering, pid_namespace, mounts, own_dev)
        entering = entering | {"join": {}}
    steps.append(("enter-namespaces", entering))
    if "network" in entering["new"]:
        steps.append(("loopback-up", {}))
    if not user:
        steps.append(("open-sources", {"sources": sources.binds}))
    steps.append(("isolate-mounts", {}))
    if sources.subpaths:
        steps.append(("enter-subpaths", {"subpaths": sources.subpaths}))
    steps += [
        ("attach-root", {}),
        ("make-placeholders", {}),
        *mounts,
    ]
    if own_dev:
        steps.append(("make-devices", {"devices": [] if user else linux["devices"]}))
    if spec["process"]["terminal"]:
        steps.append(("make-console", {}))
    steps.append(("make-directory", {"path": spec["process"]["cwd"]}))
    gate: list[Step] = [("await-network", {})] if gated else []
    if gate and _change_network(linux["sysctl"]):
        steps.append(gate.pop())
    if linux["sysctl"]:
        values = {"values": linux["sysctl"], "optional": _OPTIONAL_SYSCTLS}
        steps.append(("set-sysctls", values))
    steps += [
        ("protect-paths", {"paths": linux["readonlyPaths"]}),
        ("mask-paths", {"paths": linux["maskedPaths"]}),
    ]
    if "uts" in entering["new"]:
        names = {"hostname": spec["hostname"], "domainname": spec["domainname"]}
        steps.append(("set-hostname", names))
    steps.append(("pivot-root", {}))
    if spec["root"]["readonly"]:
        steps.append(("seal-root", {}))
    steps += gate
    return Plan(steps, pid_namespace, spec["process"], cgroup, linux["resources"], init, user)
