"""Regular expressions of API clients, with Go's syntax and matched in linear time.

Python's ``re`` backtracks: ``(a+)+$x`` from a client would occupy the event loop without end. RE2
is the engine that Go's ``regexp`` was made from. It is imported with the first pattern that is more
than plain text, so that a daemon that never sees one does not load it.
"""

import re
from collections.abc import Callable, Iterable

from boxship.base.errors import InvalidParameter

#: Characters of one pattern, and patterns of one request that are more than plain text.
LONGEST, MOST = 1024, 64
_MEMORY_BYTES = 1 << 20  # of one compiled pattern and its cached states
_PLAIN = re.compile(r"(\^?)([A-Za-z0-9_/ :@%=,;~<>#&!'\"-]*)(\$?)\Z")
_GO_WORDS = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "bad repetition operator": "invalid nested repetition operator",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "invalid perl operator": "invalid or unsupported Perl syntax",
}

Search = Callable[[str], bool]


class BadPattern(ValueError):
    """A pattern that Go's ``regexp.Compile`` refuses; the message is Go's."""


def compile_regexp(pattern: str) -> Search:
    """Return a function that tells whether *pattern* matches anywhere in a text.

    :class:`BadPattern`; :class:`InvalidParameter` if the pattern is longer than :data:`LONGEST`.
    """
    plain = _PLAIN.match(pattern)
    if plain is not None:
        return _search_plain(plain[2], bool(plain[1]), bool(plain[3]))
    if len(pattern) > LONGEST:
        raise InvalidParameter(f"regular expression of more than {LONGEST} characters")
    return _search_re2(pattern)


def compile_filter(patterns: Iterable[str]) -> list[Search]:
    """Compile the values of one filter; as in dockerd, a malformed pattern matches nothing.

    :class:`InvalidParameter` for a pattern that is too long or more than :data:`MOST` patterns.
    """
    searches: list[Search] = []
    expressions = 0
    for pattern in patterns:
        expressions += _PLAIN.match(pattern) is None
        if expressions > MOST:
            raise InvalidParameter(f"more than {MOST} regular expressions in a filter")
        try:
            searches.append(compile_regexp(pattern))
        except BadPattern:
            continue
    return searches


def _search_plain(text: str, at_start: bool, at_end: bool) -> Search:
    if at_start and at_end:
        return lambda candidate: candidate == text
    if at_start:
        return lambda candidate: candidate.startswith(text)
    if at_end:
        return lambda candidate: candidate.endswith(text)
    return lambda candidate: text in candidate


def _search_re2(pattern: str) -> Search:
    import re2

    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    options.log_errors = False
    encoded = pattern.encode("utf-8", "replace")
    try:
        expression = re2.compile(encoded, options)
    except re2.error as error:
        raise BadPattern(_in_go_words(error.args[0])) from None
    return lambda candidate: expression.search(candidate.encode("utf-8", "replace")) is not None


def _in_go_words(message: bytes) -> str:
    reason, _, detail = message.decode("utf-8", "replace").partition(": ")
    if reason == "trailing \\":
        return "error parsing regexp: trailing backslash at end of expression: ``"
    if reason.startswith("pattern too large"):
        return "error parsing regexp: expression too large"
    return f"error parsing regexp: {_GO_WORDS.get(reason, reason)}: `{detail}`"
