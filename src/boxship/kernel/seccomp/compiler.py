"""Filters -> BPF programs: per architecture a binary search over ranges of call numbers.

Runs of neighbouring numbers with one answer are one range, so Docker's profile takes about seven
comparisons for a call, none of which reads an argument: the kernel then caches the answer per call
(its action bitmap) and skips the program altogether.

The decisions are those of runc with libseccomp: a rule without conditions wins over rules with
some; conditions on one argument twice are alternatives; numbers above every named call answer
ENOSYS, so that programs fall back to older calls instead of failing; a foreign architecture kills.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from boxship.base.errors import InvalidParameter
from boxship.kernel.seccomp import actions
from boxship.kernel.seccomp.assembler import JEQ, JGE, JGT, MAX_INSTRUCTIONS, Assembler
from boxship.kernel.seccomp.numbers import ARCHITECTURES, NATIVE, X32_BIT, multiplexed, table
from boxship.kernel.seccomp.profile import Condition, Filter, Rule

_NR, _ARCH, _ARGS = 0, 4, 16
_LOW = _SKIPPED = 0xFFFFFFFF

# One alternative: all conditions hold -> action.
Alternative = tuple[tuple[Condition, ...], int]


@dataclass(frozen=True, slots=True)
class Decision:
    """Alternatives in order, then the fallback; *bits* is the width of arguments compared."""

    alternatives: tuple[Alternative, ...]
    fallback: int
    bits: int


Answers = dict[int, int | Decision]
Ranges = list[tuple[int, int | Decision]]


def compile(filter_: Filter, machine: str = "x86_64") -> bytes:
    """The program (an array of ``struct sock_filter``) for :func:`install`; pure.

    The machine's own architecture is always covered. Unknown call names are left out.
    """
    out = Assembler()
    kill = out.ret(actions.KILL_THREAD)
    bodies = [
        (audit, _search(out, _ranges(filter_, names)))
        for audit, names in reversed(_by_audit(filter_, machine).items())
    ]
    target = kill
    for audit, body in bodies:
        target = out.branch(JEQ, audit, body, target)
    out.jump(target)
    out.load(_ARCH)
    if len(out) > MAX_INSTRUCTIONS:
        raise InvalidParameter("the seccomp profile is too large for the kernel")
    return out.program()


def _by_audit(filter_: Filter, machine: str) -> dict[int, list[str]]:
    """Architectures that share the kernel's number (x86_64 and x32), the native one first."""
    groups: dict[int, list[str]] = {}
    for name in dict.fromkeys((NATIVE[machine], *filter_.architectures)):
        known = ARCHITECTURES.get(name)
        if known is not None:
            groups.setdefault(known.audit, []).append(name)
    return groups


def _ranges(filter_: Filter, names: Sequence[str]) -> Ranges:
    """Sorted (first number, answer): each range reaches up to the next one."""
    spans = [_arch_ranges(filter_, name) for name in names]
    if names == ["SCMP_ARCH_X86_64"]:
        # -1 is a call that a tracer skipped, not one of x32.
        spans.append([(X32_BIT, actions.KILL_THREAD), (_SKIPPED, filter_.default)])
    merged: Ranges = []
    for start, answer in sorted((span for part in spans for span in part), key=lambda s: s[0]):
        if not merged or merged[-1][1] != answer:
            merged.append((start, answer))
    return merged


def _arch_ranges(filter_: Filter, name: str) -> Ranges:
    points: Answers = {X32_BIT if name == "SCMP_ARCH_X32" else 0: filter_.default}
    for number, answer in sorted(_answers(filter_, name).items(), key=lambda pair: pair[0]):
        points[number] = answer
        points[number + 1] = filter_.default
    last = _last_number(filter_, name)
    if last is not None and _has_enosys_above(filter_.default):
        points = {start: answer for start, answer in points.items() if start <= last}
        points[last + 1] = actions.ENOSYS
    return list(points.items())


def _has_enosys_above(default: int) -> bool:
    return default != actions.ENOSYS and not actions.lets_run(default)


def _last_number(filter_: Filter, name: str) -> int | None:
    known = table(name)
    return max((known[n] for rule in filter_.rules for n in rule.names if n in known), default=None)


def _answers(filter_: Filter, name: str) -> Answers:
    collected: dict[int, list[Alternative]] = {}
    for rule in filter_.rules:
        if rule.action == filter_.default:
            continue
        for number, conditions in _targets(rule, name):
            collected.setdefault(number, []).append((conditions, rule.action))
    bits = ARCHITECTURES[name].bits
    return {
        number: _answer(alternatives, filter_.default, bits)
        for number, alternatives in collected.items()
    }


def _answer(alternatives: list[Alternative], default: int, bits: int) -> int | Decision:
    for conditions, action in alternatives:
        if not conditions:
            return action
    return Decision(tuple(alternatives), default, bits)


def _targets(rule: Rule, name: str) -> Iterable[tuple[int, tuple[Condition, ...]]]:
    """The call numbers that *rule* speaks of, with the conditions of each alternative."""
    known = table(name)
    alternatives = _alternatives(rule.conditions)
    for call in rule.names:
        if call in known:
            for conditions in alternatives:
                yield known[call], conditions
        if name == "SCMP_ARCH_X86" and call in multiplexed() and _holds_for_all(rule):
            multiplexer, selector = multiplexed()[call]
            yield known[multiplexer], (Condition(0, "==", selector),)


def _holds_for_all(rule: Rule) -> bool:
    """Whether *rule* counts for multiplexed calls, whose arguments no filter can read.

    A conditional refusal does, a conditional permission does not: both on the safe side.
    """
    return not rule.conditions or not actions.lets_run(rule.action)


def _alternatives(conditions: tuple[Condition, ...]) -> list[tuple[Condition, ...]]:
    indexes = [condition.index for condition in conditions]
    if len(set(indexes)) == len(indexes):
        return [conditions]
    return [(condition,) for condition in conditions]


def _search(out: Assembler, ranges: Ranges) -> int:
    """The label of a program that looks up the call number in *ranges*."""
    blocks: dict[Decision, int] = {}
    for _, answer in ranges:
        if isinstance(answer, Decision) and answer not in blocks:
            blocks[answer] = _decide(out, answer)

    def halve(low: int, high: int) -> int:
        if high - low == 1:
            answer = ranges[low][1]
            return blocks[answer] if isinstance(answer, Decision) else out.ret(answer)
        middle = (low + high) // 2
        upper, lower = halve(middle, high), halve(low, middle)
        return out.branch(JGE, ranges[middle][0], upper, lower)

    out.jump(halve(0, len(ranges)))
    return out.load(_NR)


def _decide(out: Assembler, decision: Decision) -> int:
    following = out.ret(decision.fallback)
    for conditions, action in reversed(decision.alternatives):
        target = out.ret(action)
        for condition in reversed(conditions):
            target = _test(out, condition, decision.bits, target, following)
        following = target
    return following


def _test(out: Assembler, condition: Condition, bits: int, yes: int, no: int) -> int:
    offset = _ARGS + 8 * condition.index
    if condition.operator in ("!=", "<", "<="):
        yes, no = no, yes
    if condition.operator == "&==":
        return _masked_equal(out, condition, bits, yes, no)
    high, low = condition.value >> 32, condition.value & _LOW
    code = {"==": JEQ, "!=": JEQ, ">": JGT, "<=": JGT, ">=": JGE, "<": JGE}[condition.operator]
    out.branch(code, low, yes, no)
    target = out.load(offset)
    if bits == 32:
        return target
    if code == JEQ:
        out.branch(JEQ, high, target, no)
    else:
        out.branch(JGT, high, yes, out.branch(JEQ, high, target, no))
    return out.load(offset + 4)


def _masked_equal(out: Assembler, condition: Condition, bits: int, yes: int, no: int) -> int:
    offset, target = _ARGS + 8 * condition.index, yes
    for shift in (0, 32) if bits == 64 else (0,):
        mask = condition.value >> shift & _LOW
        wanted = condition.second >> shift & mask
        if mask == 0:  # nothing of this half is looked at
            continue
        out.branch(JEQ, wanted, target, no)
        out.mask(mask)
        target = out.load(offset + (4 if shift else 0))
    return target
