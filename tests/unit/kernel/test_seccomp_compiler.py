"""Compiled programs against a naive reading of the filter, and against libseccomp's programs."""

import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.kernel import seccomp
from boxship.kernel.seccomp import actions, numbers
from boxship.kernel.seccomp.profile import Condition, Filter, Rule
from support import libseccomp
from support.bpf_machine import decode, run

ARCHES = ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32")
_CALLS = "read write open close mmap prctl socket clone futex_waitv openat2 time stat64 ipc"
NAMES = _CALLS.split()
PRIVATE = [name for name in NAMES if name not in numbers.multiplexed()]
OPERATORS = ["!=", "<", "<=", "==", ">=", ">", "&=="]
EDGES = [
    0,
    1,
    5,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    1 << 32,
    (1 << 32) + 5,
    (5 << 32) + 1,
    2**64 - 1,
]

values = st.sampled_from(EDGES) | st.integers(0, 2**64 - 1)
conditions = st.builds(Condition, st.integers(0, 5), st.sampled_from(OPERATORS), values, values)
answers = st.sampled_from(
    [
        actions.ALLOW,
        actions.LOG,
        actions.TRAP,
        actions.KILL_THREAD,
        actions.KILL_PROCESS,
        actions.NOTIFY,
        actions.ERRNO | 1,
        actions.ENOSYS,
        actions.TRACE | 7,
    ]
)
rules = st.builds(
    Rule,
    st.lists(st.sampled_from(PRIVATE), min_size=1, max_size=4, unique=True).map(tuple),
    answers,
    st.lists(conditions, max_size=3).map(tuple),
)
filters = st.builds(
    Filter,
    answers,
    st.lists(st.sampled_from(ARCHES), unique=True).map(tuple),
    st.lists(rules, max_size=8).map(tuple),
)


def holds(c: Condition, args: tuple[int, ...], bits: int) -> bool:
    width = (1 << bits) - 1
    actual, value, second = args[c.index] & width, c.value & width, c.second & width
    return {
        "!=": actual != value,
        "<": actual < value,
        "<=": actual <= value,
        "==": actual == value,
        ">=": actual >= value,
        ">": actual > value,
        "&==": actual & value == second & value,
    }[c.operator]


def matches(rule: Rule, args: tuple[int, ...], bits: int) -> bool:
    results = [holds(c, args, bits) for c in rule.conditions]
    repeated = len({c.index for c in rule.conditions}) < len(rule.conditions)
    return any(results) if repeated else all(results)


def naive(f: Filter, arch: str, number: int, args: tuple[int, ...]) -> int:
    table = numbers.table(arch)
    named = [table[n] for r in f.rules for n in r.names if n in table]
    permissive = f.default & 0xFFFF0000 in (actions.ALLOW, actions.LOG, actions.TRACE)
    if named and number > max(named) and not permissive and f.default != actions.ENOSYS:
        return actions.ENOSYS
    mine = [
        r
        for r in f.rules
        if r.action != f.default and any(table.get(name) == number for name in r.names)
    ]
    for rule in mine:
        if not rule.conditions:
            return rule.action
    bits = numbers.ARCHITECTURES[arch].bits
    return next((r.action for r in mine if matches(r, args, bits)), f.default)


@given(filters, st.data())
@settings(max_examples=300, deadline=None)
def test_programs_decide_as_the_filter_reads(f: Filter, data: st.DataObject) -> None:
    program = seccomp.compile(f)
    covered = ["SCMP_ARCH_X86_64", *(a for a in f.architectures if a != "SCMP_ARCH_X86_64")]
    near = [c.value + d for r in f.rules for c in r.conditions for d in (-1, 0, 1)]
    pool = [v & (2**64 - 1) for v in [*near, *EDGES]]
    for arch in covered:
        abi, table = numbers.ARCHITECTURES[arch], numbers.table(arch)
        base = numbers.X32_BIT if arch == "SCMP_ARCH_X32" else 0
        tried = [base, base + 1, base + 600, *(table[n] for n in NAMES if n in table)]
        for number in tried:
            args = tuple(data.draw(st.lists(st.sampled_from(pool), min_size=6, max_size=6)))
            assert run(program, number, abi.audit, args) == naive(f, arch, number, args)


def test_architectures_that_are_not_listed_kill() -> None:
    program = seccomp.compile(Filter(actions.ALLOW, (), ()))
    assert run(program, 0, 0xC000003E) == actions.ALLOW
    assert run(program, 0, 0x40000003) == actions.KILL_THREAD
    assert run(program, numbers.X32_BIT, 0xC000003E) == actions.KILL_THREAD
    assert run(program, 0xFFFFFFFF, 0xC000003E) == actions.ALLOW


def test_jumps_beyond_their_reach_take_detours() -> None:
    table = numbers.table("SCMP_ARCH_X86_64")
    names = [name for name in table if table[name] % 2 == 0]
    rules = tuple(
        Rule((name,), actions.ERRNO | (i + 1), (Condition(2, "==", i << 33 | i),))
        for i, name in enumerate(names)
    )
    program = seccomp.compile(Filter(actions.ALLOW, (), rules))
    assert len(decode(program)) > 1000
    for i, name in enumerate(names):
        matching, other = (0, 0, i << 33 | i), (0, 0, i << 33 | i + 1)
        assert run(program, table[name], 0xC000003E, matching) == actions.ERRNO | (i + 1)
        assert run(program, table[name], 0xC000003E, other) == actions.ALLOW
        assert run(program, table[name] + 1, 0xC000003E, matching) == actions.ALLOW


def test_a_program_too_large_for_the_kernel_is_refused() -> None:
    many = tuple(Condition(0, "==", n << 32 | n) for n in range(2000))
    with pytest.raises(InvalidParameter, match="too large"):
        seccomp.compile(Filter(actions.ERRNO | 1, (), (Rule(("read",), actions.ALLOW, many),)))


def test_multiplexed_calls_of_i386() -> None:
    socketcall = numbers.table("SCMP_ARCH_X86")["socketcall"]
    allow = Rule(("connect",), actions.ALLOW)
    restricted = Rule(("socket",), actions.ALLOW, (Condition(0, "==", 2),))
    refused = Rule(("bind",), actions.ERRNO | 13, (Condition(2, "==", 2),))
    program = seccomp.compile(
        Filter(actions.ENOSYS, ("SCMP_ARCH_X86",), (allow, restricted, refused))
    )
    answers = [run(program, socketcall, 0x40000003, (n, 2)) for n in (1, 2, 3, 4)]
    assert answers == [actions.ENOSYS, actions.ERRNO | 13, actions.ALLOW, actions.ENOSYS]


def random_filter(dice: random.Random) -> Filter:
    """One rule a call: libseccomp merges several into a tree with an order of its own.

    No x32: with it, libseccomp 2.6 sometimes compares the call number without loading it.
    """
    default = dice.choice([actions.ALLOW, actions.ENOSYS, actions.TRACE | 3, actions.LOG])
    rules = []
    for name in dice.sample(NAMES, dice.randint(1, len(NAMES))):
        action = dice.choice([actions.ERRNO | 1, actions.ERRNO | 13, actions.TRAP, actions.ALLOW])
        count = 0 if name in numbers.multiplexed() else dice.randint(0, 3)
        tests = (
            Condition(i, dice.choice(OPERATORS), dice.choice(EDGES), dice.choice(EDGES))
            for i in dice.sample(range(6), count)
        )
        rules.append(Rule((name,), action, tuple(tests)))
    arches = dice.sample(ARCHES[:2], dice.randint(0, 2))
    return Filter(default, tuple(arches), tuple(rules))


def theirs_of(filters: list[Filter]) -> list[bytes]:
    programs = libseccomp.ask([seccomp.to_spec(f) for f in filters])
    return [bytes.fromhex(program) for program in programs]


def test_libseccomp_decides_alike() -> None:
    dice = random.Random(20240611)
    filters = [random_filter(dice) for _ in range(60)]
    tables = [numbers.table(arch) for arch in ARCHES]
    known = {n for table in tables for name, n in table.items() if name in NAMES}
    calls = sorted({*known, *(n + 1 for n in known), numbers.X32_BIT, 0xFFFFFFFF})
    for f, theirs in zip(filters, theirs_of(filters), strict=True):
        ours = seccomp.compile(f)
        for number in calls:
            for audit in (0xC000003E, 0x40000003, 0xC00000B7):
                for _ in range(4):
                    args = tuple(dice.choice(EDGES) for _ in range(6))
                    expected = run(theirs, number, audit, args)
                    assert run(ours, number, audit, args) == expected, (f, number, args)


@pytest.mark.parametrize("held", [[], ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"]])
def test_libseccomp_decides_alike_on_the_default_profile(held: list[str]) -> None:
    resolved = seccomp.docker_default().resolve(held, "x86_64", ARCHES[0], (6, 12))
    # libseccomp knows nothing of runc's ENOSYS above the last number: no default that wants it.
    plain = dataclasses.replace(resolved, default=actions.ENOSYS)
    ours, (theirs,) = seccomp.compile(plain), theirs_of([plain])
    for audit, first in ((0xC000003E, 0), (0xC000003E, numbers.X32_BIT), (0x40000003, 0)):
        for number in range(first, first + 600):
            for args in ((0, 0), (38, 0), (40, 0), (0x20000, 0), (0x10000000, 0), (1 << 33, 0)):
                expected = run(theirs, number, audit, args)
                assert run(ours, number, audit, args) == expected, (number, args)
