"""The daemon's answers as exceptions of the one error tree.

Messages carry Docker's prefix, so that scripts that match on it keep working.
"""

from __future__ import annotations

from boxship.base import errors
from boxship.client.jsontext import loads

PREFIX = "Error response from daemon: "

_BY_STATUS: dict[int, type[errors.BoxshipError]] = {
    400: errors.InvalidParameter,
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    501: errors.NotSupported,
    503: errors.Unavailable,
}


class CannotConnect(errors.Unavailable):
    """Nothing listens at the daemon's address, or it refused us."""


class ConnectionLost(errors.Unavailable):
    """The daemon closed the connection in the middle of an answer."""


def error_from_answer(status: int, body: bytes) -> errors.BoxshipError:
    """The exception for an answer of *status* (400 and above) with this *body*."""
    kind = _BY_STATUS.get(status, errors.InvalidParameter if status < 500 else errors.Internal)
    return kind(PREFIX + (_message(body) or f"the daemon answered with status {status}"))


def _message(body: bytes) -> str:
    try:
        answer = loads(body)
    except ValueError:
        return body.decode("utf-8", "replace").strip()
    if isinstance(answer, dict) and isinstance(answer.get("message"), str):
        return str(answer["message"]).strip()
    return ""


def daemon_message(error: BaseException) -> str:
    """The daemon's own words, without the prefix."""
    return str(error).removeprefix(PREFIX)
