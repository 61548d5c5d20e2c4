"""A build's steps as views know them: in the order in which they began."""

from __future__ import annotations

from binascii import a2b_base64

from boxship.cli.output.units import human_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DAY = 86400.0
_KEPT = 64 << 10  # characters of a step's output, for an error's report


class Part:
    """Part of a step's work, such as a transfer."""

    __slots__ = ("row",)

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row

    @property
    def is_done(self) -> bool:
        return bool(self.row.get("completed"))

    def __str__(self) -> str:
        text = str(self.row.get("name") or self.row.get("id"))
        current, total = self.row.get("current", 0), self.row.get("total", 0)
        if total:
            text += f" {human_size(current)} / {human_size(total)}"
        elif current:
            text += f" {human_size(current)}"
        return text


class Step:
    """*number* counts from 1. Moments are seconds of a day, None when they have not come."""

    __slots__ = ("completed", "error", "is_cached", "name", "number", "output", "parts", "started")

    def __init__(self, number: int, name: str) -> None:
        self.number = number
        self.name = name
        self.started: float | None = None
        self.completed: float | None = None
        self.is_cached = False
        self.error = ""
        self.parts: dict[str, Part] = {}
        self.output = ""

    def since(self, moment: float | None) -> float:
        """Seconds from the step's beginning to *moment*."""
        if moment is None or self.started is None:
            return 0.0
        return (moment - self.started) % _DAY


class Steps:
    """All that were told of; ``warnings`` likewise."""

    def __init__(self) -> None:
        self.by_digest: dict[str, Step] = {}
        self.waiting: set[str] = set()
        self.warnings: list[dict[str, Any]] = []

    @property
    def started(self) -> list[Step]:
        return list(self.by_digest.values())

    def take_vertex(self, row: dict[str, Any]) -> Step | None:
        """The step that *row* is about, None while it has not begun."""
        digest = row["digest"]
        step = self.by_digest.get(digest)
        if step is None and not row.get("started"):
            self.waiting.add(digest)
            return None
        self.waiting.discard(digest)
        if step is None:
            step = self.by_digest[digest] = Step(len(self.by_digest) + 1, row["name"])
        step.started = moment_of(row.get("started"))
        step.completed = moment_of(row.get("completed"))
        step.is_cached = bool(row.get("cached"))
        step.error = row.get("error", "")
        return step

    def take_status(self, row: dict[str, Any]) -> tuple[Step, Part] | None:
        step = self.by_digest.get(row["vertex"])
        if step is None:
            return None
        part = step.parts[row["id"]] = Part(row)
        return step, part

    def take_log(self, row: dict[str, Any]) -> tuple[Step, str] | None:
        step = self.by_digest.get(row["vertex"])
        if step is None:
            return None
        text = a2b_base64(row["data"]).decode("utf-8", "replace")
        step.output = (step.output + text)[-_KEPT:]
        return step, text


def moment_of(text: str | None) -> float | None:
    """An RFC 3339 time in UTC as a second of its day."""
    if not text:
        return None
    hours, minutes, seconds = text[11:].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def printable(text: str) -> str:
    """*text* without anything that a terminal would act upon."""
    return "".join(char if char.isprintable() else " " for char in text.expandtabs(8))
