import pytest

from boxship.api.status import STATUS, status_of
from boxship.base import errors
from boxship.wire.errors import HeadersTooLarge, PayloadTooLarge


def test_every_error_has_a_status() -> None:
    for cls in errors.BoxshipError.__subclasses__():
        if cls.__module__ == errors.__name__:
            assert cls in STATUS


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.Conflict("x"), 409),
        (type("Special", (errors.NotFound,), {})("x"), 404),
        (PayloadTooLarge("x"), 413),
        (HeadersTooLarge("x"), 431),
        (errors.BoxshipError("x"), 500),
        (ValueError("x"), 500),
    ],
)
def test_statuses(error: Exception, status: int) -> None:
    assert status_of(error) == status
