"""A parsed template, ready to run any number of times."""

from __future__ import annotations

from boxship.cli.template.errors import ExecutionError, ParseError
from boxship.cli.template.functions import FUNCTIONS, HEADER_FUNCTIONS
from boxship.cli.template.nodes import State
from boxship.cli.template.parser import parse
from boxship.cli.template.values import Row


class Template:
    """Raises :class:`ParseError` when made, :class:`ExecutionError` when run."""

    def __init__(self, source: str) -> None:
        try:
            self._block, self._defined = parse(source)
        except ParseError as error:
            raise ParseError(f"template: :1: {error}") from None

    def render(self, dot: object) -> str:
        return self._run(State(dot, FUNCTIONS, self._defined))

    def render_header(self, titles: Row) -> str:
        return self._run(State(titles, HEADER_FUNCTIONS, self._defined))

    def _run(self, state: State) -> str:
        try:
            self._block.render(state)
        except ExecutionError as error:
            raise ExecutionError(f'template: :1:2: executing "" at {error}') from None
        except RecursionError:
            raise ExecutionError("template: exceeded maximum template depth") from None
        return "".join(state.output)
