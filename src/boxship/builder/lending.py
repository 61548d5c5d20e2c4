"""Steps of a build that others have carried out, or may want to be spared: caches that travel."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol

from boxship.images.layers import StagedLayer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the step of *key* made: the layer *diff_id*, empty when it changed nothing, whose files
    have *size* bytes. *created* in nanoseconds since 1970."""

    key: str
    diff_id: str
    size: int
    description: str
    created: int


class Lender(Protocol):
    """A cache from elsewhere that one build may use. It is trusted by whoever asked for that build,
    and by nobody else."""

    def find(self, key: str) -> Outcome | None: ...

    async def layer(self, outcome: Outcome, until: ExitStack) -> StagedLayer | None:
        """The layer, staged for as long as *until* is open; None when it cannot be had."""


@dataclass(slots=True)
class Ledger:
    """The steps of one build that had work to do, by stage, in the order in which they ended."""

    _rows: dict[tuple[int, str], Outcome] = field(default_factory=dict)

    def note(self, stage: int, outcome: Outcome) -> None:
        self._rows[stage, outcome.key] = outcome

    def outcomes(self, stages: Collection[int] | None = None) -> Iterator[Outcome]:
        """Each once; of all *stages* when none are named."""
        seen = set()
        for (stage, key), outcome in self._rows.items():
            if key not in seen and (stages is None or stage in stages):
                seen.add(key)
                yield outcome
