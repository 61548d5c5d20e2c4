"""Progress on a terminal: a table of steps that is drawn anew as they get on."""

from __future__ import annotations

import os
import time

from boxship.cli.builds.views.ending import failure_text, warnings_text
from boxship.cli.builds.views.steps import Steps, printable
from boxship.cli.builds.views.view import View
from boxship.cli.output.colors import painter
from boxship.cli.pump import write_all
from boxship.cli.terminal import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.builds.views.steps import Step

_LOG_LINES = 6
_ROWS, _COLUMNS = 24, 80  # of a terminal that does not say
_SPARE = 2
_DAY = 86400.0


class Table(View):
    is_moving = True

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._steps = Steps()
        self._began = time.monotonic()
        self._drawn = 0
        self._paint = painter(os.environ.get("TERM") != "dumb")

    def show(self, status: dict[str, Any]) -> None:
        for row in status.get("vertexes", ()):
            self._steps.take_vertex(row)
        for row in status.get("statuses", ()):
            self._steps.take_status(row)
        for row in status.get("logs", ()):
            self._steps.take_log(row)
        self._steps.warnings += status.get("warnings", ())

    def tick(self) -> None:
        rows, columns = size(self._descriptor)
        self._draw(self._lines(columns or _COLUMNS, (rows or _ROWS) - _SPARE, ended=False))

    def end(self) -> None:
        columns = size(self._descriptor)[1] or _COLUMNS
        self._draw(self._lines(columns, 0, ended=True))
        text = failure_text(self._steps) + warnings_text(self._steps.warnings)
        write_all(self._descriptor, text.encode("utf-8", "surrogateescape"))

    def _draw(self, lines: list[str]) -> None:
        """In place of what was drawn before; nothing of it is left below."""
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        text = up + "".join(f"\r\x1b[2K{line}\n" for line in lines) + "\x1b[J"
        self._drawn = len(lines)
        write_all(self._descriptor, text.encode("utf-8", "surrogateescape"))

    def _lines(self, columns: int, most: int, *, ended: bool) -> list[str]:
        """*most*: how many fit, 0 for any number; those of steps that are done go first."""
        steps = self._steps.started
        done = sum(step.completed is not None for step in steps)
        total = len(steps) + len(self._steps.waiting)
        mark = " FINISHED" if ended and not any(step.error for step in steps) else ""
        passed = time.monotonic() - self._began
        head = f"[+] Building {passed:.1f}s ({done}/{total}){mark}"
        blocks = [(step, self._block(step, columns)) for step in steps]
        if most:
            blocks = _fitting(blocks, most - 1)
        return [head[: columns - 1], *(line for _, block in blocks for line in block)]

    def _block(self, step: Step, columns: int) -> list[str]:
        mark, color = _mark_of(step)
        running = step.completed is None
        moment = time.time() % _DAY if running else step.completed
        took = f"{step.since(moment):.1f}s"
        lines = [self._paint(_filled(f" => {mark}{step.name}", took, columns), color)]
        if step.completed is not None and step.is_cached:
            return lines
        lines += [
            _filled(f" => => {part}", "done" if part.is_done else "", columns)
            for part in step.parts.values()
        ]
        if running:
            said = [line for line in step.output.splitlines() if line.strip()][-_LOG_LINES:]
            lines += [_filled(f" => => # {line}", "", columns) for line in said]
        return lines


def _mark_of(step: Step) -> tuple[str, str]:
    if step.error == "context canceled":
        return "CANCELED ", "yellow"
    if step.error:
        return "ERROR ", "red"
    if step.completed is None:
        return "", "bold"
    return ("CACHED " if step.is_cached else ""), "green"


def _filled(text: str, right: str, columns: int) -> str:
    """*text*, cut off if need be, and *right* at the end of the line."""
    room = columns - len(right) - 2
    shown = printable(text)
    if len(shown) > room:
        shown = shown[: max(0, room - 3)] + "..."
    return f"{shown:<{room}} {right}".rstrip()


def _fitting(blocks: list[tuple[Step, list[str]]], most: int) -> list[tuple[Step, list[str]]]:
    """As much of *blocks* as fits into *most* lines: what is going on before what is over."""
    count = sum(len(lines) for _, lines in blocks)
    kept = []
    for step, lines in blocks:
        if count > most and step.completed is not None:
            left = lines[:1] if count - len(lines) + 1 >= most else []
            count -= len(lines) - len(left)
            lines = left
        kept.append((step, lines))
    rest = []
    for step, lines in reversed(kept):
        lines = lines[: max(0, most)]
        most -= len(lines)
        rest.append((step, lines))
    return rest[::-1]
