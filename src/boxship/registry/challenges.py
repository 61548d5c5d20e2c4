"""``WWW-Authenticate`` (RFC 9110, section 11.6.1): which scheme a registry wants, and how."""

import re
from dataclasses import dataclass, field

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_SCHEME = re.compile(rf"\s*({_TOKEN})(?:[ \t]+|\s*(?=,|\Z))")
_PARAMETER = re.compile(rf"\s*({_TOKEN})[ \t]*=[ \t]*+({_QUOTED}|[^\s,\"]*)\s*+(?:,|\Z)")
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*[ \t]*(?:,|\Z)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MOST = 8192


@dataclass(frozen=True, slots=True)
class Challenge:
    """``scheme`` and the names of parameters are in lower case."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)


def parse(header: str) -> list[Challenge]:
    """The challenges in *header*, up to the first thing that is none."""
    header = header[:_MOST]
    found: list[Challenge] = []
    position = 0
    while position < len(header):
        if header[position] in ", \t":
            position += 1
            continue
        scheme = _SCHEME.match(header, position)
        if scheme is None:
            break
        challenge = Challenge(scheme[1].lower())
        found.append(challenge)
        position = _parameters(header, scheme.end(), challenge)
    return found


def _parameters(header: str, position: int, challenge: Challenge) -> int:
    opaque = _TOKEN68.match(header, position)
    if opaque and not _PARAMETER.match(header, position) and challenge.scheme != "bearer":
        return opaque.end()
    while match := _PARAMETER.match(header, position):
        name, value = match[1].lower(), match[2]
        if value.startswith('"'):
            value = _ESCAPE.sub(r"\1", value[1:-1])
        challenge.parameters.setdefault(name, value)
        position = match.end()
    return position
