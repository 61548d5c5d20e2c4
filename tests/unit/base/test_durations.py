"""Rounding rules of Docker's durations."""

import pytest

from boxship.base.durations import human_duration

HOUR, DAY = 3600, 24 * 3600


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.45, "Less than a second"),
        (-3, "Less than a second"),
        (1, "1 second"),
        (1.99, "1 second"),
        (9, "9 seconds"),
        (59, "59 seconds"),
        (60, "About a minute"),
        (119, "About a minute"),
        (120, "2 minutes"),
        (59 * 60 + 59, "59 minutes"),
        (HOUR, "About an hour"),
        (1.5 * HOUR - 1, "About an hour"),
        (1.5 * HOUR, "2 hours"),
        (3 * HOUR, "3 hours"),
        (47 * HOUR, "47 hours"),
        (48 * HOUR, "2 days"),
        (7 * DAY, "7 days"),
        (13 * DAY + 5 * HOUR, "13 days"),
        (14 * DAY, "2 weeks"),
        (59 * DAY, "8 weeks"),
        (60 * DAY, "2 months"),
        (364 * DAY, "12 months"),
        (729 * DAY, "24 months"),
        (730 * DAY, "2 years"),
        (4 * 365 * DAY, "4 years"),
    ],
)
def test_spans_in_words(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text
