"""The one table from error class to HTTP status."""

from boxship.base import errors
from boxship.wire.errors import BadRequest

STATUS: dict[type[errors.BoxshipError], int] = {
    errors.NotModified: 304,
    errors.InvalidParameter: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.NotSupported: 501,
    errors.Unavailable: 503,
    errors.Internal: 500,
}


def status_of(error: BaseException) -> int:
    """The status for *error*; 500 for what is no error of ours."""
    if isinstance(error, BadRequest):
        return error.status
    for cls in type(error).__mro__:
        if cls in STATUS:
            return STATUS[cls]
    return 500
