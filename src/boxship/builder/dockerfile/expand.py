"""Words and variables: quotes, escapes, and every form of substitution that Dockerfiles have.

``$name``, ``${name}``, ``${name:-word}`` (also ``:+``, ``:?`` and each without the colon),
``${name#pattern}``, ``##``, ``%``, ``%%``, ``${name/pattern/word}`` and ``//``.
"""

import re
from collections.abc import Mapping

from boxship.builder.dockerfile.budget import Budget
from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.shell_pattern import ShellPattern

Env = Mapping[str, str]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-]", re.ASCII)
_BLANK = " \t\r\n\v\f"
_MAX_DEPTH = 50


class Lexer:
    """Processes text with *escape* as its escape character.

    With *raw_quotes* quotes stay in the result, with *raw_escapes* a backslash does that is
    followed by nothing special. *budget*: what it may spend, by itself unless told.
    """

    def __init__(
        self,
        escape: str = "\\",
        raw_quotes: bool = False,
        raw_escapes: bool = False,
        budget: Budget | None = None,
    ):
        self.escape = escape
        self.budget = budget or Budget()
        self.raw_quotes = raw_quotes
        self.raw_escapes = raw_escapes

    def word(self, text: str, env: Env) -> str:
        """*text* as one word. :class:`DockerfileError` for what has no end or is no variable."""
        return _Scan(self, text, env).run()[0]

    def words(self, text: str, env: Env) -> list[str]:
        """*text*, whose variables may expand to several words, split at unquoted blanks."""
        return _Scan(self, text, env).run()[1]


class _Words:
    """Collects words while they are scanned."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._current: list[str] = []
        self._open = False

    def raw(self, text: str) -> None:
        """Part of a word, blanks and all."""
        self._current.append(text)
        self._open = True

    def add(self, text: str) -> None:
        """An expansion: its blanks separate words."""
        for char in text:
            if char in _BLANK:
                self.end()
            else:
                self.raw(char)

    def end(self) -> None:
        if self._open:
            self.done.append("".join(self._current))
        self._current, self._open = [], False


class _Scan:
    def __init__(self, lexer: Lexer, text: str, env: Env, depth: int = 0) -> None:
        self._lexer = lexer
        self._text = text
        self._env = env
        self._at = 0
        self._depth = depth
        self._grown = 0
        if depth > _MAX_DEPTH:
            raise DockerfileError("substitutions are nested too deeply", token=text[:20])

    def run(self, stop: str = "") -> tuple[str, list[str]]:
        """(the text as one word, its words); stops in front of an unquoted *stop*."""
        out: list[str] = []
        words = _Words()
        while self._at < len(self._text):
            char = self._text[self._at]
            if stop and char in stop:
                break
            if char == "'":
                part = self._single()
                words.raw(part)
            elif char == '"':
                part = self._double()
                words.raw(part)
            elif char == "$":
                part = self._dollar()
                words.add(part)
            elif char == self._lexer.escape:
                part = self._escaped()
                words.raw(part)
            else:
                part = char
                self._at += 1
                words.add(part)
            out.append(part)
        words.end()
        return "".join(out), words.done

    def _escaped(self) -> str:
        self._at += 1
        if self._at >= len(self._text):
            return ""
        char = self._text[self._at]
        self._at += 1
        keep = self._lexer.raw_escapes and char not in "\"'$"
        return self._lexer.escape + char if keep else char

    def _single(self) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise _open_quote(self._text[self._at :])
        content = self._text[self._at + 1 : end]
        self._at = end + 1
        return f"'{content}'" if self._lexer.raw_quotes else content

    def _double(self) -> str:
        start = self._at
        self._at += 1
        out: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == '"':
                self._at += 1
                content = "".join(out)
                return f'"{content}"' if self._lexer.raw_quotes else content
            if char == "$":
                out.append(self._dollar())
            elif char == self._lexer.escape:
                out.append(self._escaped_in_quotes())
            else:
                out.append(char)
                self._at += 1
        raise _open_quote(self._text[start:])

    def _escaped_in_quotes(self) -> str:
        escape = self._lexer.escape
        following = self._text[self._at + 1 : self._at + 2]
        if following and following in ('"', "$", escape):
            self._at += 2
            return following
        self._at += 1
        return escape

    def _dollar(self) -> str:
        value = self._substitution()
        self._lexer.budget.grow(len(value), self._grown)
        self._grown += len(value)
        return value

    def _substitution(self) -> str:
        start = self._at
        self._at += 1
        if self._text[self._at : self._at + 1] != "{":
            name = self._name()
            return self._env.get(name, "") if name else "$"
        self._at += 1
        if self._text[self._at : self._at + 1] in ("{", "}", ":"):
            token = self._text[start : self._at + 1]
            raise DockerfileError("syntax error: bad substitution", token=token)
        name = self._name()
        modifier = self._text[self._at : self._at + 1]
        if modifier == "}":
            self._at += 1
            return self._env.get(name, "")
        if not name or not modifier:
            raise _unclosed(self._text[start:])
        return self._modified(name, start)

    def _modified(self, name: str, start: int) -> str:
        modifier = self._text[self._at]
        self._at += 1
        colon = modifier == ":"
        if colon:
            modifier = self._text[self._at : self._at + 1]
            self._at += 1
        if modifier in ("-", "+", "?") and modifier:
            return self._conditional(name, modifier, colon, start)
        if colon or modifier not in ("#", "%", "/"):
            shown = f":{modifier}" if colon else modifier
            message = f"unsupported modifier ({shown}) in substitution"
            raise DockerfileError(message, token=self._text[start : self._at])
        greedy = self._text[self._at : self._at + 1] == modifier
        self._at += greedy
        value = self._env.get(name, "")
        if modifier == "/":
            pattern, other = self._rest("/", start, is_pattern=True), ""
            if self._text[self._at - 1] == "/":
                other = self._rest("", start)
            if not pattern:
                return value
            found = ShellPattern.parse(pattern, self._lexer.escape, self._lexer.budget)
            return found.replace(value, other, greedy)
        pattern = self._rest("", start, is_pattern=True)
        found = ShellPattern.parse(pattern, self._lexer.escape, self._lexer.budget)
        cut = found.cut_prefix if modifier == "#" else found.cut_suffix
        return cut(value, greedy)

    def _conditional(self, name: str, modifier: str, colon: bool, start: int) -> str:
        word = self._rest("", start)
        value = self._env.get(name)
        present = bool(value) if colon else value is not None
        if modifier == "-":
            return value if present and value is not None else word
        if modifier == "+":
            return word if present else ""
        if present:
            return value or ""
        reason = word or ("is not allowed to be empty" if colon else "is not allowed to be unset")
        raise DockerfileError(f"{name}: {reason}", token=self._text[start : self._at])

    def _rest(self, also: str, start: int, is_pattern: bool = False) -> str:
        """The word up to the closing brace, or to *also*, which is passed over."""
        lexer = self._lexer
        if is_pattern:
            lexer = Lexer(lexer.escape, lexer.raw_quotes, raw_escapes=True, budget=lexer.budget)
        inner = _Scan(lexer, self._text, self._env, self._depth + 1)
        inner._at = self._at
        found, _ = inner.run("}" + also)
        self._at = inner._at
        if self._at >= len(self._text):
            raise _unclosed(self._text[start:])
        self._at += 1
        return found

    def _name(self) -> str:
        match = _NAME.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]


def _open_quote(text: str) -> DockerfileError:
    message = "unexpected end of statement while looking for matching "
    kind = "single-quote" if text.startswith("'") else "double-quote"
    return DockerfileError(message + kind, token=text[:40])


def _unclosed(text: str) -> DockerfileError:
    return DockerfileError("syntax error: missing '}'", token=text[:40])


def split_words(text: str, escape: str = "\\") -> list[str]:
    """The words of *text* with their quotes and escapes still in place."""
    words: list[str] = []
    current = ""
    quote = ""
    at = 0
    while at < len(text):
        char = text[at]
        if char == escape and quote != "'" and at + 1 < len(text):
            current += text[at : at + 2]
            at += 2
            continue
        if not quote and char in _BLANK:
            if current:
                words.append(current)
            current = ""
        else:
            if quote:
                quote = "" if char == quote else quote
            elif char in "\"'":
                quote = char
            current += char
        at += 1
    return [*words, current] if current else words
