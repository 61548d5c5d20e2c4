"""What a build tells of itself while it runs; each protocol has a listener of its own."""

from typing import Protocol

from boxship.builder.dockerfile.lines import Line
from boxship.images.record import ImageRecord


class Progress(Protocol):
    """Stages run at the same time: every call says which one (by its number) it is about."""

    def begin(self, stage: int, text: str) -> None:
        """The next step of the stage, as it stands in the file."""

    def work(self, stage: int) -> None:
        """The step has waited for what it needs, and is being done."""

    def triggers(self, stage: int, count: int) -> None:
        """*count* instructions of the base's ONBUILD follow."""

    def cached(self, stage: int) -> None:
        """The step need not be done."""

    def say(self, stage: int, text: str) -> None:
        """Something that the step itself has to say, such as a program's output."""

    async def ready(self) -> None:
        """Wait until more can be said without piling up."""

    def end(self, stage: int, image: ImageRecord | None) -> None:
        """The step is done; *image* is what it led to, None for scratch."""

    def fail(self, stage: int, line: Line, error: Exception) -> None:
        """The step on *line* has failed, and the build with it."""

    def leave(self, stage: int) -> None:
        """The stage is done."""
