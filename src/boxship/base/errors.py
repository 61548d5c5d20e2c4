"""The one error tree. Each edge maps it once: HTTP status in ``api``, exit code in the CLI.

Raise the class that says *what kind* of thing went wrong; the message says what happened, to which
object, and what to do. Where clients parse Docker's wording, the message is Docker's.
"""


class BoxshipError(Exception):
    """Base of every error that reaches a user. ``str(error)`` is the user's message."""


class InvalidParameter(BoxshipError):
    """The request itself is wrong (HTTP 400)."""


class Unauthorized(BoxshipError):
    """Credentials are missing or wrong (HTTP 401)."""


class Forbidden(BoxshipError):
    """Understood and refused (HTTP 403)."""


class NotFound(BoxshipError):
    """The named object does not exist (HTTP 404)."""


class Conflict(BoxshipError):
    """The object's state does not allow this (HTTP 409)."""


class NotModified(BoxshipError):
    """The object already is what was asked for (HTTP 304)."""


class NotSupported(BoxshipError):
    """A real request that this engine does not serve (HTTP 501)."""


class Unavailable(BoxshipError):
    """Cannot be served at present (HTTP 503)."""


class Internal(BoxshipError):
    """The engine or the kernel failed (HTTP 500)."""
