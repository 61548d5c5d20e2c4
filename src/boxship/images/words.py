"""Words of an instruction: quotes, escapes and variables, as Dockerfiles have them.

Single quotes keep everything, double quotes let variables in, a backslash keeps the next character;
``$NAME``, ``${NAME}``, ``${NAME:-default}`` and ``${NAME:+other}`` are replaced.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping

from boxship.base.errors import InvalidParameter

_BEFORE = r"(?P<blank>\s+)|'(?P<single>[^']*)'|(?P<double>\"(?:[^\"\\]|\\.)*\")|\\(?P<escaped>.)"
_BEHIND = r"|\$(?P<name>[A-Za-z_]\w*|[0-9@*#?!$-])|(?P<plain>.)"
_TOKEN = re.compile(_BEFORE + r"|\$\{(?P<braced>[^}]*)\}" + _BEHIND, re.DOTALL | re.ASCII)
_IN_QUOTES = re.compile(r"\\([\"$\\])|\$\{([^}]*)\}|\$([A-Za-z_]\w*)", re.ASCII)
# For what is behind the last closing brace: each "${" there would be searched to the end of the
# text, which takes quadratic time.
_TOKEN_AT_END = re.compile(_BEFORE + _BEHIND, re.DOTALL | re.ASCII)
_IN_QUOTES_AT_END = re.compile(r"\\([\"$\\])|(?!)()|\$([A-Za-z_]\w*)", re.ASCII)
_DECODER = json.JSONDecoder()
_BRACED = re.compile(r"([A-Za-z_]\w*)(?::([-+])(.*))?\Z", re.ASCII | re.DOTALL)


def split(text: str, variables: Mapping[str, str] | None = None) -> list[str]:
    """The words of *text*, unquoted. Variables are replaced when there are any given.

    :class:`InvalidParameter` for a quote without end or a malformed substitution.
    """
    words: list[str] = []
    current: list[str] | None = None
    for token in _tokens(text):
        if token["blank"]:
            if current is not None:
                words.append("".join(current))
            current = None
            continue
        current = current or []
        current.append(_unquote(token, variables))
    if current is not None:
        words.append("".join(current))
    return words


def expand(text: str, variables: Mapping[str, str]) -> str:
    """*text* unquoted and with its variables replaced, blanks kept."""
    return "".join(token["blank"] or _unquote(token, variables) for token in _tokens(text))


def _tokens(text: str) -> "Iterator[re.Match[str]]":
    closed = text.rfind("}")
    at = 0
    while at < len(text):
        match = (_TOKEN if at < closed else _TOKEN_AT_END).match(text, at)
        assert match is not None
        yield match
        at = match.end()


def _unquote(token: "re.Match[str]", variables: Mapping[str, str] | None) -> str:
    kind = token.lastgroup or ""
    text = token[kind]
    if kind == "plain":
        if text in "'\"":
            raise InvalidParameter("unexpected end of statement while looking for matching quote")
        return text
    if kind == "double":
        replace, inner = _quoted(variables), text[1:-1]
        closed = inner.rfind("}") + 1
        at_end = _IN_QUOTES_AT_END.sub(replace, inner[closed:])
        return _IN_QUOTES.sub(replace, inner[:closed]) + at_end
    if kind in ("braced", "name"):
        return token[0] if variables is None else _substitute(text, kind == "braced", variables)
    return text


def _quoted(variables: Mapping[str, str] | None) -> "Callable[[re.Match[str]], str]":
    def replace(match: "re.Match[str]") -> str:
        if match[1]:
            return match[1]
        if variables is None:
            return match[0]
        braced = match[2] is not None
        return _substitute(match[2] if braced else match[3], braced, variables)

    return replace


def _substitute(text: str, braced: bool, variables: Mapping[str, str]) -> str:
    match = _BRACED.match(text)
    if match is None:
        if braced:
            raise InvalidParameter(f"unsupported modifier in substitution: ${{{text}}}")
        return ""
    name, modifier, other = match.groups()
    value = variables.get(name, "")
    if modifier == "-":
        return value or expand(other, variables)
    if modifier == "+":
        return expand(other, variables) if value else ""
    return value


def as_json_list(text: str) -> list[str] | None:
    """The exec form of an instruction, None when *text* is the shell form. What follows the list is
    not looked at. :class:`InvalidParameter` for a list of other things than strings."""
    if not text.startswith("["):
        return None
    try:
        value, _ = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(item, str) for item in value):
        raise InvalidParameter(
            "when using JSON array syntax, arrays must be comprised of strings only"
        )
    return list(value)
