"""The nearest known name to a mistyped one."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(typed: str, known: Iterable[str]) -> str:
    """The closest of *known*, or "" when none is near enough to be meant."""
    limit = max(1, (len(typed.lstrip("-")) + 1) // 3)
    best = min(((distance(typed, name), name) for name in known), default=(limit + 1, ""))
    return best[1] if best[0] <= limit else ""


def distance(a: str, b: str) -> int:
    """Edits from *a* to *b*; exchanging two neighbours counts as one (optimal string alignment)."""
    before_last: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(row[j - 1] + 1, last[j] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
        before_last, last = last, row
    return last[-1]
