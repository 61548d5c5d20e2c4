"""Makes the output of two engines comparable: what differs from run to run gets a stand-in."""

import re
from collections.abc import Iterable

_UNIT = r"(?:second|minute|hour|day|week|month|year)s?"
_AGE = rf"(?:Less than a second|About (?:a minute|an hour)|\d+ {_UNIT})"

_RULES: tuple[tuple[str, str], ...] = (
    (r"\b[0-9a-f]{64}\b", "<ID>"),
    (r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12}\b", "<ID>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d| [+-]\d{4} \w+)", "<TIME>"),
    (rf"\b{_AGE} ago\b", "<AGO>"),
    (rf"\bUp {_AGE}\b", "Up <AGE>"),
    (r"docker-import-\d+", "docker-import-<N>"),
    (r"\r", r"\\r"),
    (r"(?m) +$", ""),
    (r" {2,}", "  "),
)
_COMPILED = tuple((re.compile(pattern), stand_in) for pattern, stand_in in _RULES)


def text(output: str, literals: Iterable[tuple[str, str]] = ()) -> str:
    """*output* with each literal replaced, then each rule applied in order."""
    for literal, stand_in in literals:
        output = output.replace(literal, stand_in)
    for pattern, stand_in in _COMPILED:
        output = pattern.sub(stand_in, output)
    return output


_OWN = (
    (re.compile(r"(?m)^boxship: "), "docker: "),
    (re.compile(r"(?<=['\"])boxship (?=[-a-z])"), "docker "),
    (re.compile(r"(?<=is not a )boxship(?= command)"), "docker"),
    (re.compile(r"(?<=Usage:  )boxship "), "docker "),
    (re.compile(r"(?m)(?:(?<=^  )|(?<=, )|(?<=^\t))boxship (?=[a-z])"), "docker "),
    # A suggestion is what we have and Docker's client has not.
    (re.compile(r"(?m)^Did you mean .*\n"), ""),
)


def as_docker(output: str) -> str:
    """*output* of our client with Docker's name where it names itself."""
    for pattern, stand_in in _OWN:
        output = pattern.sub(stand_in, output)
    return output
