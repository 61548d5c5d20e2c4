"""Variables that a text names and nobody has defined."""

from collections.abc import Iterable

from boxship.builder.dockerfile.errors import suggest
from boxship.builder.stage import Stage


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


def meant(name: str, known: Iterable[str], sign: str = "") -> str:
    """`` (did you mean X?)``, or nothing."""
    hint = suggest(name, known)
    return hint.replace("mean ", f"mean {sign}")
