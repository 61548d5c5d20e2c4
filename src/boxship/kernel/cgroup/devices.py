"""Device access: the rules of OCI, folded into one policy that both cgroup versions carry out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from boxship.base.errors import InvalidParameter

_ACCESS = "rwm"
_KINDS = {"a": ("b", "c"), "": ("b", "c"), "b": ("b",), "c": ("c",), "u": ("c",), "p": ()}

# Kind, major, minor; None is any number.
Device = tuple[str, int | None, int | None]


class DeviceRule(NamedTuple):
    """*kind*: a, b or c; *access*: of r (read), w (write), m (mknod)."""

    allow: bool
    kind: str = "a"
    major: int | None = None
    minor: int | None = None
    access: str = _ACCESS

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> "DeviceRule":
        kind, access = spec.get("type") or "a", spec.get("access") or _ACCESS
        if kind not in _KINDS or not set(access) <= set(_ACCESS):
            raise InvalidParameter(f"invalid device rule: {dict(spec)}")
        return cls(bool(spec["allow"]), kind, _any(spec, "major"), _any(spec, "minor"), access)

    def is_total(self) -> bool:
        """Whether it speaks of every device and every access."""
        everything = self.major is None and self.minor is None and set(self.access) == set(_ACCESS)
        return self.kind in ("a", "") and everything

    def devices(self) -> list[Device]:
        return [(kind, self.major, self.minor) for kind in _KINDS[self.kind]]


def _any(spec: Mapping[str, Any], name: str) -> int | None:
    value = spec.get(name)
    return None if value is None or int(value) < 0 else int(value)


@dataclass(slots=True)
class Policy:
    """The answer for every device, and the devices and accesses that get the opposite one."""

    allow: bool = True
    exceptions: dict[Device, str] = field(default_factory=dict)


def fold(rules: Iterable[DeviceRule]) -> Policy:
    """The policy after *rules* in their order, as the kernel's devices controller would have it."""
    policy = Policy()
    for rule in rules:
        if rule.is_total():
            policy = Policy(rule.allow)
            continue
        for device in rule.devices():
            held = set(policy.exceptions.pop(device, ""))
            held = (
                held | set(rule.access) if rule.allow != policy.allow else held - set(rule.access)
            )
            if held:
                policy.exceptions[device] = "".join(letter for letter in _ACCESS if letter in held)
    return policy
