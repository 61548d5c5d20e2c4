"""Progress as lines that only ever get more: for files, pipes and logs."""

from __future__ import annotations

from boxship.cli.builds.views.ending import failure_text, warnings_text
from boxship.cli.builds.views.steps import Steps
from boxship.cli.builds.views.view import View
from boxship.cli.pump import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.builds.views.steps import Part, Step

_SHOWN = 0.05  # seconds that are worth a word


class Plain(View):
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._steps = Steps()
        self._current: Step | None = None
        self._ended: set[int] = set()
        self._open = ""

    def show(self, status: dict[str, Any]) -> None:
        lines: list[str] = []
        for row in status.get("vertexes", ()):
            step = self._steps.take_vertex(row)
            if step is not None and step.number not in self._ended and step.completed is None:
                self._turn_to(step, lines)
        for row in status.get("statuses", ()):
            told = self._steps.take_status(row)
            if told is not None and told[1].is_done:
                self._turn_to(told[0], lines)
                lines.append(f"#{told[0].number} {_done(*told)}")
        for row in status.get("logs", ()):
            self._log(row, lines)
        self._steps.warnings += status.get("warnings", ())
        for step in self._steps.started:
            if step.completed is not None and step.number not in self._ended:
                self._end(step, lines)
        self._write(lines)

    def end(self) -> None:
        lines = self._flushed()
        text = failure_text(self._steps) + warnings_text(self._steps.warnings)
        self._write(lines + ([text.rstrip("\n")] if text else []))

    def _turn_to(self, step: Step, lines: list[str]) -> None:
        if self._current is step:
            return
        lines += self._flushed()
        if self._current is not None:
            lines.append("")
        self._current = step
        lines.append(f"#{step.number} {step.name}")

    def _log(self, row: dict[str, Any], lines: list[str]) -> None:
        from boxship.cli.builds.views.steps import moment_of

        told = self._steps.take_log(row)
        if told is None:
            return
        step, text = told
        self._turn_to(step, lines)
        *whole, self._open = (self._open + text).split("\n")
        at = step.since(moment_of(row.get("timestamp")))
        lines += [f"#{step.number} {at:.3f} {line.rstrip(chr(13))}" for line in whole]

    def _flushed(self) -> list[str]:
        """A line that has no end yet, and will not get one."""
        text, self._open = self._open, ""
        return [f"#{self._current.number} {text}"] if text and self._current is not None else []

    def _end(self, step: Step, lines: list[str]) -> None:
        self._ended.add(step.number)
        self._turn_to(step, lines)
        lines += self._flushed()
        if step.error == "context canceled":
            said = "CANCELED"
        elif step.error:
            said = f"ERROR: {step.error}"
        elif step.is_cached:
            said = "CACHED"
        else:
            said = f"DONE {step.since(step.completed):.1f}s"
        lines.append(f"#{step.number} {said}")

    def _write(self, lines: list[str]) -> None:
        if lines:
            data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
            write_all(self._descriptor, data)


def _done(step: Step, part: Part) -> str:
    from boxship.cli.builds.views.steps import moment_of

    began, ended = moment_of(part.row.get("started")), moment_of(part.row.get("completed"))
    took = (ended - began) % 86400 if began is not None and ended is not None else 0.0
    return f"{part} {took:.1f}s done" if took > _SHOWN else f"{part} done"
