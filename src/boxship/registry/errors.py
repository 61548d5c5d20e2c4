"""What a registry, or the way to it, can do wrong. Texts are those that Docker's clients show."""

from dataclasses import dataclass
from typing import Any

import msgspec

from boxship.base.errors import Internal

_MOST_TEXT = 400
_MESSAGES = {"UNAUTHORIZED": "authentication required"}


class TransportError(Internal):
    """No answer: the name does not resolve, nothing listens, TLS fails, the peer is silent."""


class Interrupted(TransportError):
    """The answer broke off in the middle; asking again for the rest may help."""


class ProtocolError(Internal):
    """The registry's answer is not what the protocol says, or larger than what we accept."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of an error document (distribution-spec, section Error Codes)."""

    code: str
    message: str

    def __str__(self) -> str:
        name = self.code.lower().replace("_", " ")
        return f"{name}: {self.message}" if self.message else name


DENIED = Fault("DENIED", "requested access to the resource is denied")


class Refused(Internal):
    """The registry answered with an error. ``status`` and ``retry_after`` are HTTP's."""

    def __init__(
        self, status: int, faults: tuple[Fault, ...], what: str, retry_after: str = ""
    ) -> None:
        self.status = status
        self.retry_after = retry_after
        self.faults = faults
        super().__init__("; ".join(map(str, faults)) or what)


def refusal(status: int, body: bytes, url: str, retry_after: str = "") -> Refused:
    """The error that *body* describes, or one in the status's own words."""
    what = f"received unexpected HTTP status: {status} from {url}"
    return Refused(status, faults_of(body) or _implied(status), what, retry_after)


def faults_of(body: bytes) -> tuple[Fault, ...]:
    """The entries of an error document; none when it is no such document."""
    try:
        document: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ()
    if not isinstance(document, dict):
        return ()
    errors = document.get("errors")
    if not isinstance(errors, list):
        # Token servers of old answer {"details": …}.
        details = document.get("details")
        return (Fault("UNAUTHORIZED", _short(details)),) if isinstance(details, str) else ()
    return tuple(_fault(entry) for entry in errors[:8] if isinstance(entry, dict))


def _fault(entry: dict[str, Any]) -> Fault:
    code, message = entry.get("code"), entry.get("message")
    known = code if isinstance(code, str) and code else "UNKNOWN"
    return Fault(_short(known), _short(message) if isinstance(message, str) else "")


def _implied(status: int) -> tuple[Fault, ...]:
    if status == 401:
        return (Fault("UNAUTHORIZED", _MESSAGES["UNAUTHORIZED"]),)
    if status == 403:
        return (DENIED,)
    if status == 429:
        return (Fault("TOOMANYREQUESTS", "too many requests"),)
    return ()


def _short(text: str) -> str:
    """Hostile text, fit for one line of a terminal."""
    clean = "".join(char if char.isprintable() else " " for char in text[: _MOST_TEXT + 1])
    return clean if len(clean) <= _MOST_TEXT else clean[:_MOST_TEXT] + "…"
