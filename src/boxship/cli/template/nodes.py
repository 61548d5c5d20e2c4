"""The parsed template. Expressions have ``value``, statements ``render``; both take the state."""

from __future__ import annotations

from boxship.cli.template.errors import ExecutionError
from boxship.cli.template.values import Nil, Row, field, show, truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class State:
    """What one run sees: the dot, variables, functions, defined templates; and its output."""

    __slots__ = ("defined", "dot", "functions", "output", "variables")

    def __init__(
        self,
        dot: object,
        functions: Mapping[str, Callable[..., object]],
        defined: Mapping[str, Block],
    ) -> None:
        self.dot = dot
        self.functions = functions
        self.defined = defined
        self.variables: dict[str, object] = {"$": dot}
        self.output: list[str] = []


class Stop(Exception):
    """``{{break}}`` or ``{{continue}}``."""

    def __init__(self, again: bool) -> None:
        self.again = again


class Expression:
    def value(self, state: State, final: tuple[object, ...] = ()) -> object:
        """The value; *final* holds what the pipeline hands over as the last argument."""
        raise NotImplementedError


class Literal(Expression):
    def __init__(self, constant: object) -> None:
        self.constant = constant

    def value(self, state: State, final: tuple[object, ...] = ()) -> object:
        return self.constant


class Dot(Expression):
    def value(self, state: State, final: tuple[object, ...] = ()) -> object:
        return state.dot


class Variable(Expression):
    def __init__(self, name: str) -> None:
        self.name = name

    def value(self, state: State, final: tuple[object, ...] = ()) -> object:
        return state.variables[self.name]


class Chain(Expression):
    """``base.A.B``; arguments go to the last field, which then is a method."""

    def __init__(
        self, base: Expression, names: list[str], arguments: tuple[Expression, ...] = ()
    ) -> None:
        self.base = base
        self.names = names
        self.arguments = arguments

    def value(self, state: State, final: tuple[object, ...] = ()) -> object:
        given = (*(argument.value(state) for argument in self.arguments), *final)
        value = self.base.value(state)
        for position, name in enumerate(self.names):
            last = position == len(self.names) - 1
            if last and given and not isinstance(value, Row):
                raise ExecutionError(f"{name} is not a method but has arguments")
            value = self._step(value, name, given if last else (), position)
        return value

    def _step(self, value: object, name: str, given: tuple[object, ...], position: int) -> object:
        try:
            return field(value, name, *given)
        except TypeError:
            raise ExecutionError(f"wrong number of args for {name}") from None
        except ExecutionError as error:
            path = ".".join(["", *self.names[: position + 1]])
            raise ExecutionError(f"<{path}>: {error}") from None


class Call(Expression):
    def __init__(self, name: str, arguments: tuple[Expression, ...]) -> None:
        self.name = name
        self.arguments = arguments

    def value(self, state: State, final: tuple[object, ...] = ()) -> object:
        given = (*(argument.value(state) for argument in self.arguments), *final)
        try:
            return state.functions[self.name](*given)
        except (TypeError, AttributeError) as error:
            raise ExecutionError(f"<{self.name}>: error calling {self.name}: {error}") from None
        except ExecutionError as error:
            raise ExecutionError(f"<{self.name}>: {error}") from None


class Pipeline(Expression):
    def __init__(self, commands: list[Expression], declares: list[str]) -> None:
        self.commands = commands
        self.declares = declares

    def value(self, state: State, final: tuple[object, ...] = ()) -> object:
        value = self.commands[0].value(state)
        for command in self.commands[1:]:
            value = command.value(state, (value,))
        if len(self.declares) == 1:
            state.variables[self.declares[0]] = value
        return value


class Statement:
    def render(self, state: State) -> None:
        raise NotImplementedError


class Block(Statement):
    def __init__(self, statements: list[Statement]) -> None:
        self.statements = statements

    def render(self, state: State) -> None:
        for statement in self.statements:
            statement.render(state)


class Text(Statement):
    def __init__(self, text: str) -> None:
        self.text = text

    def render(self, state: State) -> None:
        state.output.append(self.text)


class Output(Statement):
    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    def render(self, state: State) -> None:
        value = self.pipeline.value(state)
        if not self.pipeline.declares:
            state.output.append(show(value))


class If(Statement):
    """``if`` and, with ``rebinds``, ``with``."""

    def __init__(self, test: Pipeline, then: Block, otherwise: Block, rebinds: bool) -> None:
        self.test = test
        self.then = then
        self.otherwise = otherwise
        self.rebinds = rebinds

    def render(self, state: State) -> None:
        dot, variables = state.dot, dict(state.variables)
        value = self.test.value(state)
        try:
            if not truth(value):
                return self.otherwise.render(state)
            if self.rebinds:
                state.dot = value
            return self.then.render(state)
        finally:
            state.dot = dot
            _leave(state, variables)


class Range(Statement):
    def __init__(self, over: Pipeline, body: Block, otherwise: Block) -> None:
        self.over = over
        self.body = body
        self.otherwise = otherwise

    def render(self, state: State) -> None:
        dot, variables = state.dot, dict(state.variables)
        try:
            items = _items(self.over.value(state))
            for key, item in items:
                state.dot = item
                self._bind(state, key, item)
                try:
                    self.body.render(state)
                except Stop as stop:
                    if not stop.again:
                        break
            state.dot = dot
            if not items:
                self.otherwise.render(state)
        finally:
            state.dot = dot
            _leave(state, variables)

    def _bind(self, state: State, key: object, item: object) -> None:
        values = (key, item) if len(self.over.declares) == 2 else (item,)
        for name, value in zip(self.over.declares, values, strict=False):
            state.variables[name] = value


def _leave(state: State, before: dict[str, object]) -> None:
    """End of a scope: its variables go, assignments to outer ones stay."""
    state.variables = {name: state.variables.get(name, old) for name, old in before.items()}


def _items(value: object) -> list[tuple[object, object]]:
    if value is None or isinstance(value, Nil):
        return []
    if isinstance(value, dict):
        return sorted(value.items(), key=lambda pair: str(pair[0]))
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return [(number, number) for number in range(value)]
    raise ExecutionError(f"range can't iterate over {show(value)}")


class Leave(Statement):
    def __init__(self, again: bool) -> None:
        self.again = again

    def render(self, state: State) -> None:
        raise Stop(self.again)


class Include(Statement):
    """``{{template "name" pipeline}}``."""

    def __init__(self, name: str, argument: Pipeline | None) -> None:
        self.name = name
        self.argument = argument

    def render(self, state: State) -> None:
        block = state.defined.get(self.name)
        if block is None:
            raise ExecutionError(f'template "{self.name}" not defined')
        dot = self.argument.value(state) if self.argument else None
        inner = State(dot, state.functions, state.defined)
        inner.output = state.output
        block.render(inner)
