"""The classic builder's text, which clients parse: ``Step 1/3 :`` to ``Successfully tagged``.

Stages run beside each other, but are told of one after the other, in the order of the file.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from boxship.base.ids import short_id
from boxship.builder.dockerfile.lines import Line
from boxship.builder.plan import Plan
from boxship.images.record import ImageRecord

Send = Callable[[dict[str, Any]], None]
Room = Callable[[], Awaitable[None]]
_MOST_HELD = 1 << 20  # characters of a stage that has to wait for its turn
_CLIPPED = "[output clipped]\n"


def of_stderr(text: str) -> str:
    """What a program wrote to its standard error is shown in red."""
    return f"\x1b[91m{text}\x1b[0m"


class Classic:
    """A :class:`~boxship.builder.progress.Progress`. With *quiet*, only the image's ID is told."""

    def __init__(
        self,
        send: Send,
        plan: Plan,
        quiet: bool = False,
        room: Room | None = None,
        more: int = 0,
    ) -> None:
        """*room* waits while the client is far behind; *more* steps follow those of the plan."""
        self._send = send
        self._room = room
        self._held_sizes: Counter[int] = Counter()
        self._quiet = quiet
        self._plan = plan
        self._total = plan.step_count + more
        self._order = [stage.number for stage in plan.needed]
        self._held: dict[int, list[str]] = {number: [] for number in self._order}
        self._left: set[int] = set()
        self._numbers: dict[int, int] = {}
        self._in_triggers: dict[int, int] = {}
        number = len(plan.globals)
        for stage in plan.needed:
            self._numbers[stage.number] = number
            number += 1 + len(stage.steps)

    def start(self) -> None:
        for text in self._plan.dockerfile.warnings:
            self._stream(f"[Warning] {text}\n")
        for number, arg in enumerate(self._plan.globals, 1):
            self._stream(f"Step {number}/{self._total} : {arg.line.text}")
            self._stream("\n")

    def begin(self, stage: int, text: str) -> None:
        if self._in_triggers.get(stage):
            self._in_triggers[stage] -= 1
            self._tell(stage, f"# Executing: {text}\n")
            return
        self._numbers[stage] = self._numbers.get(stage, 0) + 1
        self._tell(stage, f"Step {self._numbers[stage]}/{self._total} : {text}")
        self._tell(stage, "\n")

    def work(self, stage: int) -> None:
        """Nothing is said of waiting."""

    def triggers(self, stage: int, count: int) -> None:
        self._in_triggers[stage] = count
        plural = "s" if count > 1 else ""
        self._tell(stage, f"# Executing {count} build trigger{plural}\n")

    def cached(self, stage: int) -> None:
        self._tell(stage, " ---> Using cache\n")

    def say(self, stage: int, text: str) -> None:
        self._tell(stage, text)

    async def ready(self) -> None:
        if self._room is not None:
            await self._room()

    def end(self, stage: int, image: ImageRecord | None) -> None:
        self._tell(stage, f" ---> {short_id(image.id) if image else ''}\n")

    def fail(self, stage: int, line: Line, error: Exception) -> None:
        """The error itself says it."""

    def leave(self, stage: int) -> None:
        self._left.add(stage)
        while self._order and self._order[0] in self._left:
            self._order.pop(0)
            self._flush_first()

    def flush(self) -> None:
        """Tell everything that is held back, because there will be no more."""
        while self._order:
            self._flush_first()
            self._order.pop(0)

    def _flush_first(self) -> None:
        if self._order:
            for text in self._held.pop(self._order[0], ()):
                self._stream(text)

    def built(self, image: ImageRecord, unused: list[str]) -> None:
        """*unused*: build arguments that no instruction asked for."""
        if self._quiet:
            self._send({"stream": f"{image.id}\n"})
            return
        self._send({"aux": {"ID": image.id}})
        if unused:
            shown = " ".join(unused)
            self._stream(f"[Warning] One or more build-args [{shown}] were not consumed\n")
        self._stream(f"Successfully built {short_id(image.id)}\n")

    def tagged(self, name: str) -> None:
        self._stream(f"Successfully tagged {name}\n")

    def _tell(self, stage: int, text: str) -> None:
        if self._order and self._order[0] == stage:
            self._stream(text)
            return
        before = self._held_sizes[stage]
        self._held_sizes[stage] += len(text)
        if self._held_sizes[stage] <= _MOST_HELD:
            self._held.setdefault(stage, []).append(text)
        elif before <= _MOST_HELD:
            self._held.setdefault(stage, []).append(_CLIPPED)

    def _stream(self, text: str) -> None:
        if not self._quiet:
            self._send({"stream": text})
