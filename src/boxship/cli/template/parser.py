"""Template text to nodes."""

from __future__ import annotations

from boxship.cli.template import lexer, nodes
from boxship.cli.template.errors import ParseError
from boxship.cli.template.functions import FUNCTIONS
from boxship.cli.template.lexer import Token

_CONSTANTS: dict[str, object] = {"true": True, "false": False, "nil": None}
_LITERALS = ("string", "raw", "char", "number")


def parse(source: str) -> tuple[nodes.Block, dict[str, nodes.Block]]:
    """The main block and the templates that *source* defines; :class:`ParseError`."""
    parser = _Statements(lexer.split(source))
    block, end = parser.block(())
    assert not end
    return block, parser.defined


class _Statements:
    def __init__(self, pieces: list[tuple[bool, str]]) -> None:
        self.pieces = pieces
        self.position = 0
        self.defined: dict[str, nodes.Block] = {}
        self.variables = ["$"]
        self.loops = 0

    def block(self, ends: tuple[str, ...]) -> tuple[nodes.Block, list[Token]]:
        """Statements up to one of the words *ends* (or the text's end), and that action."""
        scope = len(self.variables)
        found: list[nodes.Statement] = []
        while self.position < len(self.pieces):
            is_action, text = self.pieces[self.position]
            self.position += 1
            if not is_action:
                found.append(nodes.Text(text))
                continue
            action = lexer.tokens(text)
            word = action[0].text if action and action[0].kind == "word" else ""
            if word in ("end", "else"):
                if word not in ends:
                    raise ParseError(f"unexpected {{{{{word}}}}}")
                del self.variables[scope:]
                return nodes.Block(found), action
            found.append(self.statement(word, action))
        if ends:
            raise ParseError("unexpected EOF")
        return nodes.Block(found), []

    def statement(self, word: str, action: list[Token]) -> nodes.Statement:
        if not action:
            raise ParseError("missing value for command")
        if len(action) == 1 and word in ("if", "with", "range"):
            raise ParseError(f"missing value for {word}")
        special = {
            "if": self.conditional,
            "with": self.conditional,
            "range": self.range,
            "define": self.define,
            "template": self.include,
            "break": self.leave,
            "continue": self.leave,
        }.get(word)
        return special(action) if special else nodes.Output(self.pipeline(action))

    def pipeline(self, action: list[Token]) -> nodes.Pipeline:
        return _Expressions(action, self.variables).pipeline()

    def conditional(self, action: list[Token]) -> nodes.Statement:
        scope = len(self.variables)
        test = self.pipeline(action[1:])
        then, end = self.block(("else", "end"))
        otherwise = self.otherwise(end)
        del self.variables[scope:]
        return nodes.If(test, then, otherwise, rebinds=action[0].text == "with")

    def otherwise(self, end: list[Token]) -> nodes.Block:
        if end[0].text == "end":
            return nodes.Block([])
        if len(end) > 1:
            return nodes.Block([self.conditional(end[1:])])
        return self.block(("end",))[0]

    def range(self, action: list[Token]) -> nodes.Statement:
        scope = len(self.variables)
        over = self.pipeline(action[1:])
        self.loops += 1
        body, end = self.block(("else", "end"))
        self.loops -= 1
        otherwise = self.otherwise(end)
        del self.variables[scope:]
        return nodes.Range(over, body, otherwise)

    def define(self, action: list[Token]) -> nodes.Statement:
        self.defined[_name(action)] = self.block(("end",))[0]
        return nodes.Text("")

    def include(self, action: list[Token]) -> nodes.Statement:
        argument = self.pipeline(action[2:]) if len(action) > 2 else None
        return nodes.Include(_name(action), argument)

    def leave(self, action: list[Token]) -> nodes.Statement:
        if not self.loops:
            raise ParseError(f"{{{{{action[0].text}}}}} outside {{{{range}}}}")
        return nodes.Leave(again=action[0].text == "continue")


def _name(action: list[Token]) -> str:
    if len(action) < 2 or action[1].kind not in ("string", "raw"):
        raise ParseError(f"unexpected token in {action[0].text} clause")
    return str(lexer.literal(action[1]))


class _Expressions:
    def __init__(self, action: list[Token], variables: list[str]) -> None:
        self.action = action
        self.position = 0
        self.variables = variables

    def peek(self) -> Token | None:
        return self.action[self.position] if self.position < len(self.action) else None

    def at_symbol(self, text: str) -> bool:
        token = self.peek()
        return token is not None and token.kind == "symbol" and token.text == text

    def pipeline(self, closing: bool = False) -> nodes.Pipeline:
        names = self.declarations()
        commands = [self.command()]
        while self.at_symbol("|"):
            self.position += 1
            commands.append(self.command())
        if closing != self.at_symbol(")") or (not closing and self.peek() is not None):
            raise ParseError("unclosed left paren" if closing else "unexpected right paren")
        return nodes.Pipeline(commands, names)

    def declarations(self) -> list[str]:
        names: list[str] = []
        position = self.position
        while position < len(self.action) and self.action[position].kind == "variable":
            names.append(self.action[position].text)
            following = self.action[position + 1] if position + 1 < len(self.action) else None
            if following is None:
                return []
            if following.kind in ("declare", "assign"):
                self.position = position + 2
                self.declare(names, following.kind == "declare")
                return names
            if following.text != ",":
                return []
            position += 2
        return []

    def declare(self, names: list[str], new: bool) -> None:
        for name in names:
            if new:
                self.variables.append(name)
            elif name not in self.variables:
                raise ParseError(f"undefined variable {name!r}".replace("'", '"'))

    def command(self) -> nodes.Expression:
        first = self.operand(calls=True)
        arguments: list[nodes.Expression] = []
        while (token := self.peek()) is not None and token.text not in ("|", ")"):
            arguments.append(self.operand(calls=False))
        if not arguments:
            return first
        if isinstance(first, nodes.Call):
            return nodes.Call(first.name, tuple(arguments))
        if isinstance(first, nodes.Chain):
            return nodes.Chain(first.base, first.names, tuple(arguments))
        raise ParseError("can't give argument to non-function")

    def operand(self, calls: bool) -> nodes.Expression:
        token = self.peek()
        if token is None:
            raise ParseError("missing value for command")
        self.position += 1
        base = self.term(token)
        names = [token.text[1:]] if token.kind == "field" else []
        while (following := self.peek()) is not None:
            if following.kind != "field" or following.spaced:
                break
            names.append(following.text[1:])
            self.position += 1
        return nodes.Chain(base, names) if names else base

    def term(self, token: Token) -> nodes.Expression:
        if token.kind in _LITERALS:
            return nodes.Literal(lexer.literal(token))
        if token.kind in ("dot", "field"):
            return nodes.Dot()
        if token.kind == "variable":
            if token.text not in self.variables:
                raise ParseError(f'undefined variable "{token.text}"')
            return nodes.Variable(token.text)
        if token.kind == "word":
            return _word(token.text)
        if token.text == "(":
            inner = self.pipeline(closing=True)
            self.position += 1
            return inner
        raise ParseError(f'unexpected "{token.text}" in operand')


def _word(text: str) -> nodes.Expression:
    if text in _CONSTANTS:
        return nodes.Literal(_CONSTANTS[text])
    if text not in FUNCTIONS:
        raise ParseError(f'function "{text}" not defined')
    return nodes.Call(text, ())
