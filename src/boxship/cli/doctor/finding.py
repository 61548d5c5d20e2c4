"""One line of the doctor's report."""

from __future__ import annotations

OK = "ok"
WARN = "warn"
FAIL = "fail"
_GRAVITY = (OK, WARN, FAIL)


class Finding:
    """*check* names what was looked at, *detail* says what was found.

    ``warn``: something works less well; ``fail``: containers will not run. Both carry a *mend*,
    which says what to do.
    """

    __slots__ = ("check", "detail", "mend", "status")

    def __init__(self, check: str, status: str, detail: str, mend: str = "") -> None:
        self.check = check
        self.status = status
        self.detail = detail
        self.mend = mend


def good(check: str, detail: str) -> Finding:
    return Finding(check, OK, detail)


def weak(check: str, detail: str, mend: str) -> Finding:
    return Finding(check, WARN, detail, mend)


def broken(check: str, detail: str, mend: str) -> Finding:
    return Finding(check, FAIL, detail, mend)


def worst(findings: list[Finding]) -> str:
    return max((found.status for found in findings), key=_GRAVITY.index, default=OK)
