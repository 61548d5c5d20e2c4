"""Variables that a text names and nobody has defined."""

from collections.abc import Collection, Iterable

from boxship.builder.dockerfile.errors import suggest
from boxship.builder.stage import Stage

_MOST_HINTS = 32
_MOST_NAMES = 1000


class Noting(dict[str, str]):
    """Variables that remember in *missing* which were asked for without a word for their absence,
    and in *asked* which at all."""

    def __init__(self, values: Iterable[tuple[str, str]], missing: set[str]) -> None:
        super().__init__(values)
        self.missing = missing
        self.asked = set[str]()

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.asked.add(key)
        # Substitutions that say what to do without a value ask without a default.
        if key not in self and default is not None:
            self.missing.add(key)
        return super().get(key, default)


class ObservedStage(Stage):
    """A stage that knows which variables its instructions miss."""

    __slots__ = ("missing",)

    def __init__(self, stage: Stage) -> None:
        super().__init__(
            stage.config,
            stage.arguments,
            stage.args,
            stage.find,
            stage.author,
            stage.cmd_is_set,
            stage.escape,
            stage.context,
        )
        self.missing = set[str]()

    def variables(self) -> dict[str, str]:
        return Noting(super().variables().items(), self.missing)


class Hints:
    """What may have been meant by the first names that nobody knows: looking for it takes time."""

    def __init__(self) -> None:
        self._left = _MOST_HINTS

    def meant(self, name: str, known: Collection[str], sign: str = "") -> str:
        """`` (did you mean X?)``, or nothing."""
        if not self._left or len(known) > _MOST_NAMES:
            return ""
        self._left -= 1
        return suggest(name, known).replace("mean ", f"mean {sign}")
