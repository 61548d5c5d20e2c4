"""What is wrong with a text that is no JSON, in the words of Go's ``encoding/json``.

Python's parser says it in words of its own, which change with its versions. This scanner runs only
over texts that the parser has refused. Its states are those of Go's ``encoding/json/scanner.go``.
"""

import re
from typing import NoReturn

from boxship.base.go_text import quote_character

_SPACE = re.compile(rb"[ \t\r\n]*+")
_DIGITS = re.compile(rb"[0-9]*+")
_PLAIN = re.compile(rb'(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+')
_HEX = re.compile(rb"[0-9a-fA-F]{0,4}+")
_LITERALS = {b"t": b"true", b"f": b"false", b"n": b"null"}
_MAX_DEPTH = 10_000
_CLOSING = {b"{": b"}", b"[": b"]"}


class _SyntaxError(Exception):
    """Carries the text of Go's error."""


def syntax_error(data: bytes) -> str | None:
    """Return Go's text for the first error in the value that *data* begins with, None without."""
    try:
        _Scanner(data).scan()
    except _SyntaxError as error:
        return str(error)
    return None


class _Scanner:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._open: list[bytes] = []  # the braces and brackets around the position

    def scan(self) -> None:
        """Scan one value; :class:`_SyntaxError`."""
        self._value()
        while self._open:
            kind = self._open[-1]
            following = self._peek()
            if following == _CLOSING[kind]:
                self._at += 1
                self._open.pop()
            elif following != b",":
                self._fail("after object key:value pair" if kind == b"{" else "after array element")
            else:
                self._at += 1
                if kind == b"{":
                    self._key()
                self._value()

    def _value(self) -> None:
        """Scan a value, or the opening brackets of values inside one another up to a whole one."""
        while (first := self._peek()) in (b"{", b"["):
            if len(self._open) >= _MAX_DEPTH:
                self._fail("exceeded max depth")
            self._at += 1
            self._open.append(first)
            if self._peek() == _CLOSING[first]:
                return
            if first == b"{":
                self._key()
        if first == b'"':
            self._string()
        elif first == b"-" or first.isdigit():
            self._number()
        elif first in _LITERALS:
            self._literal(_LITERALS[first])
        else:
            self._fail("looking for beginning of value")

    def _key(self) -> None:
        if self._peek() != b'"':
            self._fail("looking for beginning of object key string")
        self._string()
        if self._peek() != b":":
            self._fail("after object key")
        self._at += 1

    def _string(self) -> None:
        self._skip(_PLAIN, self._at + 1)
        if self._here() == b"\\":
            self._at += 1
            if self._here() != b"u":
                self._fail("in string escape code")
            self._skip(_HEX, self._at + 1)
            self._fail("in \\u hexadecimal character escape")
        if self._here() != b'"':
            self._fail("in string literal")
        self._at += 1

    def _number(self) -> None:
        if self._here() == b"-":
            self._at += 1
            self._require_digit("in numeric literal")
        if self._here() == b"0":
            self._at += 1
        else:
            self._skip(_DIGITS, self._at)
        if self._data[self._at : self._at + 1] == b".":
            self._at += 1
            self._require_digit("after decimal point in numeric literal")
            self._skip(_DIGITS, self._at)
        if self._data[self._at : self._at + 1] in (b"e", b"E"):
            self._at += 1
            if self._here() in (b"+", b"-"):
                self._at += 1
            self._require_digit("in exponent of numeric literal")
            self._skip(_DIGITS, self._at)

    def _require_digit(self, context: str) -> None:
        if not self._here().isdigit():
            self._fail(context)

    def _literal(self, word: bytes) -> None:
        for code in word:
            if self._here() != bytes([code]):
                self._fail(f"in literal {word.decode()} (expecting {quote_character(code)})")
            self._at += 1

    def _peek(self) -> bytes:
        """Return the next byte that is no space, and stand at it."""
        self._skip(_SPACE, self._at)
        return self._here()

    def _skip(self, pattern: "re.Pattern[bytes]", start: int) -> None:
        match = pattern.match(self._data, start)
        self._at = match.end() if match is not None else start

    def _here(self) -> bytes:
        if self._at >= len(self._data):
            raise _SyntaxError("unexpected EOF")
        return self._data[self._at : self._at + 1]

    def _fail(self, context: str) -> NoReturn:
        raise _SyntaxError(f"invalid character {quote_character(self._here()[0])} {context}")
