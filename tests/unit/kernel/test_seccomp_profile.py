"""Reading profiles: Docker's gates and texts, and the OCI form."""

import pytest

from boxship.base.errors import InvalidParameter
from boxship.kernel import seccomp
from boxship.kernel.seccomp import actions
from boxship.kernel.seccomp.profile import Condition, Filter, Profile, Rule

ALLOW = {"action": "SCMP_ACT_ALLOW"}


def parsed(*rules: dict[str, object], **more: object) -> Profile:
    profile = seccomp.parse({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": list(rules), **more})
    assert profile is not None
    return profile


def resolved(
    profile: Profile, caps: tuple[str, ...] = (), kernel: tuple[int, int] = (6, 1)
) -> Filter:
    return profile.resolve(caps, "x86_64", "SCMP_ARCH_X86_64", kernel)


@pytest.mark.parametrize("nothing", [{}, {"syscalls": []}, {"defaultAction": "", "syscalls": None}])
def test_an_empty_profile_means_no_filter(nothing: dict[str, object]) -> None:
    assert seccomp.parse(nothing) is None


def test_actions_and_their_data() -> None:
    profile = parsed(
        {"names": ["a"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
        {"names": ["b"], "action": "SCMP_ACT_TRACE"},
        {"name": "c", "action": "SCMP_ACT_KILL"},
        defaultErrnoRet=13,
    )
    assert profile.default == actions.ERRNO | 13
    expected = [actions.ENOSYS, actions.TRACE | 1, actions.KILL_THREAD]
    assert [rule.action for rule in resolved(profile).rules] == expected
    assert resolved(profile).rules[2].names == ("c",)


@pytest.mark.parametrize(
    ("gates", "caps", "kernel", "kept"),
    [
        ({"includes": {"caps": ["CAP_A", "CAP_B"]}}, ("CAP_A",), (6, 1), False),
        ({"includes": {"caps": ["CAP_A", "CAP_B"]}}, ("CAP_A", "CAP_B"), (6, 1), True),
        ({"excludes": {"caps": ["CAP_A", "CAP_B"]}}, ("CAP_B",), (6, 1), False),
        ({"excludes": {"caps": ["CAP_A"]}}, ("CAP_B",), (6, 1), True),
        ({"includes": {"arches": ["arm64"]}}, (), (6, 1), False),
        ({"includes": {"arches": ["arm64", "amd64"]}}, (), (6, 1), True),
        ({"excludes": {"arches": ["amd64"]}}, (), (6, 1), False),
        ({"includes": {"minKernel": "4.8"}}, (), (4, 7), False),
        ({"includes": {"minKernel": "4.8"}}, (), (4, 10), True),
        ({"excludes": {"minKernel": "4.8"}}, (), (4, 8), False),
        ({"includes": {}, "excludes": {}}, (), (6, 1), True),
    ],
)
def test_gates(
    gates: dict[str, object], caps: tuple[str, ...], kernel: tuple[int, int], kept: bool
) -> None:
    profile = parsed({"names": ["read"], **ALLOW, **gates})
    assert bool(resolved(profile, caps, kernel).rules) is kept


def test_architectures_come_from_the_map_or_the_list() -> None:
    mapped = [
        {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
        {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
    ]
    both = ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86")
    assert resolved(parsed(archMap=mapped)).architectures == both
    listed = parsed(architectures=["SCMP_ARCH_X86"])
    assert resolved(listed).architectures == ("SCMP_ARCH_X86",)
    assert resolved(parsed()).architectures == ("SCMP_ARCH_X86_64",)
    with pytest.raises(InvalidParameter, match="'architectures' and 'archMap' were specified"):
        parsed(archMap=mapped, architectures=["SCMP_ARCH_X86"])


@pytest.mark.parametrize(
    "rule",
    [
        {"name": "read", "names": ["write"], **ALLOW},
        {"names": ["read"], "action": "SCMP_ACT_MAYBE"},
        {"names": ["read"]},
        {"names": [""], **ALLOW},
        {"names": [7], **ALLOW},
        {"names": ["read"], **ALLOW, "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]},
        {"names": ["read"], **ALLOW, "args": [{"index": 0, "value": 1, "op": "=="}]},
        {"names": ["read"], **ALLOW, "args": [{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}]},
        {"names": ["read"], **ALLOW, "args": [{"index": 0, "value": "1", "op": "SCMP_CMP_EQ"}]},
        {"names": ["read"], **ALLOW, "args": "x"},
        {"names": ["read"], **ALLOW, "includes": {"minKernel": "new"}},
        "read",
    ],
)
def test_wrong_rules_are_refused(rule: dict[str, object]) -> None:
    with pytest.raises(InvalidParameter):
        parsed(rule)


def test_the_oci_form_round_trips() -> None:
    condition = Condition(1, "&==", 2**64 - 1, 5)
    rules = (
        Rule(("read", "write"), actions.ALLOW),
        Rule(("openat",), actions.ERRNO | 13, (condition, Condition(2, "<", 9))),
        Rule(("ptrace",), actions.TRACE | 4),
    )
    flags = ("SECCOMP_FILTER_FLAG_LOG",)
    original = Filter(actions.KILL_PROCESS, ("SCMP_ARCH_X86_64", "SCMP_ARCH_X32"), rules, flags)
    assert seccomp.from_spec(seccomp.to_spec(original)) == original


def test_flags() -> None:
    assert seccomp.flag_bits(None) == 4
    assert seccomp.flag_bits(()) == 0
    names = ("SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG")
    assert seccomp.flag_bits(names) == 3
    with pytest.raises(InvalidParameter, match="SECCOMP_FILTER_FLAG_X"):
        seccomp.flag_bits(["SECCOMP_FILTER_FLAG_X"])
