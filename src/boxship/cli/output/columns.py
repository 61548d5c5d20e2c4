"""Aligned columns with the rules of Go's text/tabwriter, as Docker sets it up."""

from __future__ import annotations

MINIMUM = 10
_PADDING = 3


def align(lines: list[str], minimum: int = MINIMUM) -> list[str]:
    """Lines whose cells end with tabs, padded. A column reaches over neighbouring lines that have
    it; the text after a line's last tab belongs to no column."""
    cells = [line.split("\t") for line in lines]
    widths: list[list[int]] = [[] for _ in cells]
    _measure(cells, widths, 0, len(cells), minimum)
    return [
        "".join(cell + " " * (width - len(cell)) for cell, width in zip(row, spans, strict=False))
        + row[-1]
        for row, spans in zip(cells, widths, strict=True)
    ]


def _measure(
    cells: list[list[str]],
    widths: list[list[int]],
    first: int,
    end: int,
    minimum: int,
) -> None:
    """Widths of the blocks between lines *first* and *end*, one column further than measured."""
    column = len(widths[first]) if first < end else 0
    line = first
    while line < end:
        if len(cells[line]) - 1 <= column:
            line += 1
            continue
        start = line
        while line < end and len(cells[line]) - 1 > column:
            line += 1
        widest = max(len(row[column]) for row in cells[start:line])
        for spans in widths[start:line]:
            spans.append(max(minimum, widest + _PADDING))
        _measure(cells, widths, start, line, minimum)
