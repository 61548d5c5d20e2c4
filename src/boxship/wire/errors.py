"""What can be wrong with a request before any engine verb has seen it."""

from boxship.base.errors import BoxshipError, InvalidParameter


class BadRequest(InvalidParameter):
    """The bytes are no HTTP request that we serve; ``status`` is the answer to give."""

    status = 400


class PayloadTooLarge(BadRequest):
    """The body exceeds what the operation accepts."""

    status = 413


class HeadersTooLarge(BadRequest):
    """Request line and headers exceed the listener's limit (RFC 6585, section 5)."""

    status = 431


class ExpectationFailed(BadRequest):
    """The client expects something other than ``100-continue`` (RFC 9110, section 10.1.1)."""

    status = 417


class VersionNotSupported(BadRequest):
    """The request line names another major version of HTTP than 1."""

    status = 505


class RequestTimeout(BadRequest):
    """The client stopped in the middle of its request."""

    status = 408


class ClientGone(BoxshipError):
    """The client closed the connection before its request or our answer was complete."""
