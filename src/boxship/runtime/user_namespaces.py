"""The part of a plan that a user namespace adds (OCI config-linux, User namespace mappings; pure).

What takes the host's rights is done before the namespace is entered; all else inside.
"""

from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.sandbox.userns import outside

Spec = dict[str, Any]
Step = tuple[str, Spec]
_DEV = "/dev"


def from_spec(spec: Spec) -> Spec:
    """``path`` and mappings as rows of inside, outside, length; empty without a user namespace.

    :class:`InvalidParameter` where the mappings are missing, also those of a joined one: whom
    its root is outside is needed before it is entered.
    """
    linux = spec["linux"]
    found = [row for row in linux["namespaces"] if row["type"] == "user"]
    rows = {kind: _rows(linux.get(f"{kind}Mappings")) for kind in ("uid", "gid")}
    if not found:
        if any(rows.values()):
            raise InvalidParameter("user namespace mappings specified, but not enabled in the spec")
        return {}
    for kind, mappings in rows.items():
        if not mappings:
            raise InvalidParameter(f"user namespaces enabled, but no {kind} mappings found")
        if outside(mappings, 0) is None:
            raise InvalidParameter(f"user namespaces enabled, but {kind} 0 is not mapped")
    return {"path": found[0].get("path") or "", **rows}


def _rows(mappings: list[Spec] | None) -> list[list[int]]:
    return [[row["containerID"], row["hostID"], row["size"]] for row in mappings or ()]


def before(
    spec: Spec, user: Spec, entering: Spec, pid_namespace: str, mounts: list[Step], own_dev: bool
) -> list[Step]:
    """The steps up to the user namespace. The step of *mounts* that makes /dev is changed to one
    that attaches what is made here: a tmpfs whose device nodes can be opened."""
    mappings = {kind: user[kind] for kind in ("uid", "gid")}
    devices: Spec = {
        "devices": [_device(row, user) for row in spec["linux"]["devices"]] if own_dev else [],
        "mappings": mappings,
    }
    for _, step in mounts:
        if step.get("type") == "tmpfs" and step["target"] == _DEV:
            devices |= {key: step[key] for key in ("options", "attributes")} | {"source": _DEV}
            step |= {"type": "bind", "source": _DEV, "attributes": 0}
    joined = dict(entering["join"])
    if pid_namespace not in ("", "new"):
        joined["pid"] = pid_namespace
    enter = {
        "rlimits": spec["process"]["rlimits"],
        "mappings": mappings,
        "pid_namespace": pid_namespace,
        "id": spec["linux"]["cgroupsPath"].rpartition("/")[2],
    }
    return [
        ("open-namespaces", {"join": joined}),
        ("prepare-devices", devices),
        ("enter-user-namespace", enter),
    ]


def _device(device: Spec, user: Spec) -> Spec:
    """*device* with owners as the host has them; who is not mapped gives way to root."""
    owners = {}
    for kind in ("uid", "gid"):
        wanted = device.get(kind) or 0
        mapped = outside(user[kind], wanted)
        owners[kind] = outside(user[kind], 0) if mapped is None else mapped
    return device | owners
