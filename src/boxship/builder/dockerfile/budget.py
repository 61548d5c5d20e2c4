"""How much the variables of one build may make of themselves."""

from boxship.builder.dockerfile.errors import DockerfileError

# Characters that one word may get of variables: no program can be given one of half that length,
# and values that are made of values grow without bound.
_OF_ONE_WORD = 1 << 18
_OF_ALL_WORDS = 1 << 25
# Steps of looking for patterns, of which a second has about a hundred million.
_OF_ONE_SEARCH = 1 << 22
_OF_ALL_SEARCHES = 1 << 26


class Budget:
    """Spent by all expansions of a build together. :class:`DockerfileError` when it is gone."""

    def __init__(self) -> None:
        self._characters = _OF_ALL_WORDS
        self._searches = _OF_ALL_SEARCHES

    def grow(self, count: int, so_far: int = 0) -> None:
        """A word gets *count* characters more, after *so_far*."""
        self._characters -= count
        if so_far + count > _OF_ONE_WORD or self._characters < 0:
            raise DockerfileError("what variables expand to is too long")

    def search(self, steps: int) -> None:
        self._searches -= steps
        if steps > _OF_ONE_SEARCH or self._searches < 0:
            raise DockerfileError("pattern and value of a substitution are too long")
