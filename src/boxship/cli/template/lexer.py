"""Template text to literal pieces and actions, and an action's text to tokens."""

from __future__ import annotations

import json
import re

from boxship.cli.template.errors import ParseError

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\\n]|\\.)*")
    | (?P<raw>`[^`]*`)
    | (?P<char>'(?:[^'\\\n]|\\.)')
    | (?P<number>[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?))
    | (?P<variable>\$\w*)
    | (?P<field>\.\w+)
    | (?P<dot>\.)
    | (?P<word>\w+)
    | (?P<declare>:=)
    | (?P<assign>=)
    | (?P<symbol>[|(),])
    )""",
    re.VERBOSE,
)
_COMMENT = re.compile(r"\{\{(?:- )?/\*.*?\*/(?: -)?\}\}", re.DOTALL)


class Token:
    """``kind`` is a group name of the token pattern; ``spaced``: white space stood before it."""

    __slots__ = ("kind", "spaced", "text")

    def __init__(self, kind: str, text: str, spaced: bool) -> None:
        self.kind = kind
        self.text = text
        self.spaced = spaced


def split(source: str) -> list[tuple[bool, str]]:
    """*source* as ``(is an action, text)`` in order, trim markers applied and comments dropped."""
    pieces: list[tuple[bool, str]] = []
    position = 0
    trim = False
    while (start := source.find("{{", position)) >= 0:
        literal = source[position:start]
        comment = _COMMENT.match(source, start)
        end = comment.end() - 2 if comment else _action_end(source, start)
        action = source[start + 2 : end]
        literal = literal.lstrip() if trim else literal
        if action[:2] in ("- ", "-\t", "-\n"):
            literal, action = literal.rstrip(), action[1:]
        trim = action[-2:] in (" -", "\t-", "\n-")
        pieces.append((False, literal))
        if not comment:
            pieces.append((True, action[:-1] if trim else action))
        position = end + 2
    rest = source[position:]
    pieces.append((False, rest.lstrip() if trim else rest))
    return [piece for piece in pieces if piece[0] or piece[1]]


def _action_end(source: str, start: int) -> int:
    """The place of the ``}}`` that ends the action at *start*; quotes may hold others."""
    position = start + 2
    while position < len(source):
        if source.startswith("}}", position):
            return position
        character = source[position]
        if character in "\"`'":
            position = _quote_end(source, position, character)
        position += 1
    raise ParseError("unclosed action")


def _quote_end(source: str, position: int, quote: str) -> int:
    position += 1
    while position < len(source) and source[position] not in (quote, "\n"[: quote != "`"]):
        position += 2 if source[position] == "\\" and quote != "`" else 1
    if position >= len(source) or source[position] != quote:
        raise ParseError("unterminated quoted string")
    return position


def tokens(action: str) -> list[Token]:
    found: list[Token] = []
    position = 0
    action = action.rstrip()
    while position < len(action):
        match = _TOKEN.match(action, position)
        if match is None or match.lastgroup is None:
            bad = action[position:].lstrip()[:1]
            raise ParseError(f'unexpected "{bad}" in operand' if bad else "unexpected end")
        text = match.group(match.lastgroup)
        spaced = match.start(match.lastgroup) > position or position == 0
        found.append(Token(match.lastgroup, text, spaced))
        position = match.end()
    return found


def literal(token: Token) -> str | int | float:
    """The value of a string, raw, char or number token."""
    if token.kind == "raw":
        return token.text[1:-1]
    if token.kind == "string":
        return _unquote(token.text)
    if token.kind == "char":
        return ord(_unquote('"' + token.text[1:-1].replace('"', '\\"').replace("\\'", "'") + '"'))
    try:
        return int(token.text, 0)
    except ValueError:
        return float(token.text)


def _unquote(text: str) -> str:
    escaped = re.sub(r"\\x([0-9a-fA-F]{2})", r"\\u00\1", text).replace("\\a", "\\u0007")
    escaped = escaped.replace("\\v", "\\u000b").replace("\t", "\\t")
    try:
        return str(json.loads(escaped))
    except ValueError:
        raise ParseError(f"bad string {text}") from None
