"""Seccomp profiles: Docker's format with its conditions, resolved to the OCI format."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.kernel.seccomp import actions

OPERATORS = {
    "SCMP_CMP_NE": "!=",
    "SCMP_CMP_LT": "<",
    "SCMP_CMP_LE": "<=",
    "SCMP_CMP_EQ": "==",
    "SCMP_CMP_GE": ">=",
    "SCMP_CMP_GT": ">",
    "SCMP_CMP_MASKED_EQ": "&==",
}
_OPERATOR_NAMES = {symbol: name for name, symbol in OPERATORS.items()}
_MAX_ARGUMENTS = 6
# Docker's profiles name machines in Go's way.
GO_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of one argument; with operator ``&==``: ``argument & value == second``."""

    index: int
    operator: str
    value: int
    second: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """*action* for the calls *names* when all *conditions* hold."""

    names: tuple[str, ...]
    action: int
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """A profile for one container: what the compiler takes. Architectures are SCMP_ARCH_* names."""

    default: int
    architectures: tuple[str, ...]
    rules: tuple[Rule, ...]
    flags: tuple[str, ...] | None = None

    @property
    def notifies(self) -> bool:
        """Whether some call is to wait for another process to decide (seccomp_unotify(2))."""
        return actions.NOTIFY in (self.default, *(rule.action for rule in self.rules))


@dataclass(frozen=True, slots=True)
class Gate:
    """The ``includes`` or ``excludes`` of a rule; an empty part does not count."""

    caps: frozenset[str] = frozenset()
    arches: frozenset[str] = frozenset()
    min_kernel: tuple[int, int] | None = None

    def includes(self, host: "Host") -> bool:
        return (
            self.caps <= host.caps
            and (not self.arches or host.arch in self.arches)
            and (self.min_kernel is None or host.kernel >= self.min_kernel)
        )

    def excludes(self, host: "Host") -> bool:
        return (
            bool(self.caps & host.caps)
            or host.arch in self.arches
            or (self.min_kernel is not None and host.kernel >= self.min_kernel)
        )


@dataclass(frozen=True, slots=True)
class Host:
    """What gates look at: the bounding set, Go's machine name, the kernel's version."""

    caps: frozenset[str]
    arch: str
    kernel: tuple[int, int]


@dataclass(frozen=True, slots=True)
class GatedRule:
    rule: Rule
    includes: Gate = Gate()
    excludes: Gate = Gate()


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile before it is known for which container: see :meth:`resolve`."""

    default: int
    rules: tuple[GatedRule, ...]
    architectures: tuple[str, ...] = ()
    arch_map: dict[str, tuple[str, ...]] = field(default_factory=dict)
    flags: tuple[str, ...] | None = None

    def resolve(
        self, caps: Collection[str], machine: str, native: str, kernel: tuple[int, int]
    ) -> Filter:
        """The filter of a container with the bounding set *caps* on this kind of host.

        *machine* is uname's (``x86_64``), *native* its ``SCMP_ARCH_*`` name.
        """
        host = Host(frozenset(caps), GO_ARCHITECTURES.get(machine, machine), kernel)
        chosen = tuple(
            gated.rule
            for gated in self.rules
            if gated.includes.includes(host) and not gated.excludes.excludes(host)
        )
        return Filter(self.default, self._architectures(native), chosen, self.flags)

    def _architectures(self, native: str) -> tuple[str, ...]:
        if native in self.arch_map:
            return (native, *self.arch_map[native])
        return self.architectures or (native,)


def parse(data: dict[str, Any]) -> Profile | None:
    """A profile from Docker's JSON; None when it says nothing, which means no filter.

    Raises InvalidParameter with dockerd's wording where it has one.
    """
    if not data.get("defaultAction") and not data.get("syscalls"):
        return None
    if data.get("architectures") and data.get("archMap"):
        raise InvalidParameter(
            "'architectures' and 'archMap' were specified in the seccomp profile, use either "
            "'architectures' or 'archMap'"
        )
    try:
        return Profile(
            default=actions.value(data.get("defaultAction", ""), data.get("defaultErrnoRet")),
            rules=tuple(_gated_rule(item) for item in data.get("syscalls") or ()),
            architectures=_texts(data.get("architectures")),
            arch_map={
                entry["architecture"]: _texts(entry.get("subArchitectures"))
                for entry in data.get("archMap") or ()
            },
            flags=None if data.get("flags") is None else _texts(data["flags"]),
        )
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise InvalidParameter(f"malformed seccomp profile: {error!r}") from None


def _texts(values: list[str] | None) -> tuple[str, ...]:
    """:class:`TypeError` for anything but a list of strings."""
    found = tuple(values or ())
    if not all(isinstance(each, str) for each in found):
        raise TypeError(f"not a list of strings: {values!r}")
    return found


def _gated_rule(item: dict[str, Any]) -> GatedRule:
    return GatedRule(
        Rule(
            _names(item),
            actions.value(item.get("action", ""), item.get("errnoRet")),
            tuple(_condition(argument) for argument in item.get("args") or ()),
        ),
        _gate(item.get("includes")),
        _gate(item.get("excludes")),
    )


def _names(item: dict[str, Any]) -> tuple[str, ...]:
    single, several = item.get("name"), item.get("names")
    if single and several:
        raise InvalidParameter(
            "'name' and 'names' were specified in the seccomp profile, use either 'name' or 'names'"
        )
    names = (single,) if single else tuple(several or ())
    if not all(isinstance(name, str) and name for name in names):
        raise InvalidParameter("empty string is not a valid syscall")
    return names


def _condition(argument: dict[str, Any]) -> Condition:
    index, operator = argument.get("index", 0), argument.get("op", "")
    values = argument.get("value", 0), argument.get("valueTwo", 0)
    if operator not in OPERATORS:
        raise InvalidParameter(f"seccomp: unknown operator {operator!r}")
    if not isinstance(index, int) or not 0 <= index < _MAX_ARGUMENTS:
        raise InvalidParameter(f"seccomp: there is no argument {index!r}")
    if not all(isinstance(value, int) and 0 <= value < 1 << 64 for value in values):
        raise InvalidParameter(f"seccomp: argument values must be 64-bit numbers: {values!r}")
    return Condition(index, OPERATORS[operator], *values)


def _gate(item: dict[str, Any] | None) -> Gate:
    if not item:
        return Gate()
    kernel = item.get("minKernel") or None
    return Gate(
        frozenset(_texts(item.get("caps"))),
        frozenset(_texts(item.get("arches"))),
        _kernel_version(kernel) if kernel else None,
    )


def _kernel_version(text: str) -> tuple[int, int]:
    major, dot, minor = text.partition(".")
    if not dot or not major.isdigit() or not minor.isdigit():
        raise InvalidParameter(f"invalid kernel version: {text!r}")
    return int(major), int(minor)


def from_spec(spec: dict[str, Any]) -> Filter:
    """A filter from OCI ``linux.seccomp`` (whose format is a subset of Docker's)."""
    profile = parse(spec)
    if profile is None:
        raise InvalidParameter("linux.seccomp has no defaultAction")
    rules = tuple(gated.rule for gated in profile.rules)
    return Filter(profile.default, profile.architectures, rules, profile.flags)


def to_spec(filter_: Filter) -> dict[str, Any]:
    """*filter_* as OCI ``linux.seccomp``."""
    name, data = actions.describe(filter_.default)
    spec: dict[str, Any] = {"defaultAction": name}
    if data is not None:
        spec["defaultErrnoRet"] = data
    spec["architectures"] = list(filter_.architectures)
    if filter_.flags is not None:
        spec["flags"] = list(filter_.flags)
    spec["syscalls"] = [_spec_rule(rule) for rule in filter_.rules]
    return spec


def _spec_rule(rule: Rule) -> dict[str, Any]:
    name, data = actions.describe(rule.action)
    item: dict[str, Any] = {"names": list(rule.names), "action": name}
    if data is not None:
        item["errnoRet"] = data
    if rule.conditions:
        item["args"] = _spec_conditions(rule.conditions)
    return item


def _spec_conditions(conditions: Sequence[Condition]) -> list[dict[str, Any]]:
    return [
        {
            "index": condition.index,
            "value": condition.value,
            "valueTwo": condition.second,
            "op": _OPERATOR_NAMES[condition.operator],
        }
        for condition in conditions
    ]
