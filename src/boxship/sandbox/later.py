"""An answer that a request gets when it is known, while its connection serves others."""

from collections.abc import Callable
from typing import Any


class Later:
    """Made by who will know it; who sends it sets :attr:`on_known` before anything else happens."""

    def __init__(self) -> None:
        self.on_known: Callable[[Any, Exception | None], None] = lambda answer, error: None

    def give(self, answer: Any) -> None:
        self.on_known(answer, None)

    def refuse(self, error: Exception) -> None:
        self.on_known(None, error)
