"""OCI configuration to the steps that the container's first process carries out (pure).

The order is the design: sources are opened while mounts still are the host's, everything is
attached before the root is entered, the root is sealed last.
"""

from dataclasses import dataclass, field, fields
from typing import Any

from boxship.runtime import mount_options

Step = tuple[str, dict[str, Any]]
Spec = dict[str, Any]
# Docker sets these where the kernel has them.
_OPTIONAL_SYSCTLS = ("net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range")


@dataclass(slots=True)
class Plan:
    """*steps* for init; *pid_namespace*: ``new``, a path, or empty for the host's."""

    steps: list[Step]
    pid_namespace: str
    process: Spec
    cgroup: Spec
    resources: Spec
    init: bool = False
    extra: Spec = field(default_factory=dict)

    def to_message(self) -> Spec:
        """As JSON has it; shares its parts with the plan."""
        message: Spec = {one.name: getattr(self, one.name) for one in fields(self)}
        extra: Spec = message.pop("extra")
        return message | extra


class _Sources:
    """Bind sources, opened together at the start; steps refer to them by index."""

    def __init__(self) -> None:
        self.rows: list[Spec] = []

    def add(self, path: str, recursive: bool, pid: int = 0) -> int:
        self.rows.append({"path": path, "recursive": recursive, "pid": pid})
        return len(self.rows) - 1


def _namespaces(spec: Spec) -> tuple[Spec, str]:
    """The step that enters all but the pid namespace, and the pid namespace."""
    join: dict[str, str] = {}
    new: list[str] = []
    pid = ""
    for row in spec["linux"]["namespaces"]:
        kind, path = row["type"], row.get("path")
        if kind == "pid":
            pid = path or "new"
        elif path:
            join[kind] = path
        else:
            new.append(kind)
    return {"join": join, "new": new}, pid


def _mount_step(mount: Spec, sources: _Sources, cgroup: Spec) -> Step:
    parsed = mount_options.parse(mount["options"])
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
        step["source"] = sources.add(mount["source"], parsed.recursive, mount.get("pid", 0))
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


def make_plan(spec: Spec, cgroup: Spec, init: bool = False) -> Plan:
    """*cgroup*: ``version``, ``path`` (the container's, below the mounts), and for v1
    ``hierarchies``, the container's directory in each by the name it has in /sys/fs/cgroup."""
    linux = spec["linux"]
    entering, pid_namespace = _namespaces(spec)
    sources = _Sources()
    mounts = [_mount_step(mount, sources, cgroup) for mount in spec["mounts"]]
    steps: list[Step] = [("join-cgroup", {}), ("enter-namespaces", entering)]
    if "network" in entering["new"]:
        steps.append(("loopback-up", {}))
    steps += [
        ("open-sources", {"sources": sources.rows}),
        ("isolate-mounts", {}),
        ("attach-root", {}),
        ("make-placeholders", {}),
        *mounts,
    ]
    if not any(m["destination"] == "/dev" and m["type"] == "bind" for m in spec["mounts"]):
        steps.append(("make-devices", {"devices": linux["devices"]}))
    if spec["process"]["terminal"]:
        steps.append(("make-console", {}))
    steps.append(("make-directory", {"path": spec["process"]["cwd"]}))
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
    return Plan(steps, pid_namespace, spec["process"], cgroup, linux["resources"], init)
