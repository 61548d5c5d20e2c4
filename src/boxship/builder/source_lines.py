"""Lines of a file with those marked that something is about, as BuildKit's clients show them."""

_PAD, _WIDE_PAD = 2, 4
_RULE = "-" * 20


def shown_lines(name: str, text: str, first: int, last: int) -> str:
    """The lines *first* to *last* of *text*, marked, and some around them; empty when there are
    none of these numbers."""
    lines = text.split("\n")
    if not 1 <= first <= len(lines):
        return ""
    last = min(last, len(lines))
    start, end = _around(first, last, len(lines))
    rows = [
        f" {number:3} | {'>>>' if first <= number <= last else '   '} {lines[number - 1]}"
        for number in range(start, end + 1)
    ]
    return "\n".join([f"{name}:{first}", _RULE, *rows, _RULE, ""])


def _around(start: int, end: int, count: int) -> tuple[int, int]:
    room = _WIDE_PAD if start == end else _PAD
    used = 0
    while used < room:
        if start > 1:
            start -= 1
            used += 1
        if end != count:
            end += 1
            used += 1
        used += 1
    return start, end
