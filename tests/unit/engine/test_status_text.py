"""The status column; rounding rules of Docker's durations."""

import pytest

from boxship.engine.containers.container import State
from boxship.engine.containers.status_text import human_duration, status_text

SECOND = 1_000_000_000
HOUR, DAY = 3600, 24 * 3600
NOW = 10**9 * SECOND


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
def test_durations(seconds: float, text: str) -> None:
    assert human_duration(int(seconds * SECOND)) == text


def state(status: str, **more: object) -> State:
    fields = {"started_at": NOW - 2 * HOUR * SECOND, "finished_at": NOW - 5 * SECOND, **more}
    return State(status=status, **fields)


@pytest.mark.parametrize(
    ("current", "text"),
    [
        (State(), "Created"),
        (State(error="no such file", exit_code=127), "Created"),
        (state("running"), "Up 2 hours"),
        (state("paused"), "Up 2 hours (Paused)"),
        (state("paused", health={"Status": "healthy"}), "Up 2 hours (Paused)"),
        (state("running", health={"Status": "healthy"}), "Up 2 hours (healthy)"),
        (state("running", health={"Status": "unhealthy"}), "Up 2 hours (unhealthy)"),
        (state("running", health={"Status": "starting"}), "Up 2 hours (health: starting)"),
        (state("running", health={"Status": "none"}), "Up 2 hours"),
        (state("restarting", exit_code=1), "Restarting (1) 5 seconds ago"),
        (state("exited"), "Exited (0) 5 seconds ago"),
        (state("exited", exit_code=137), "Exited (137) 5 seconds ago"),
        (state("removing"), "Removal In Progress"),
        (state("dead"), "Dead"),
    ],
)
def test_status(current: State, text: str) -> None:
    assert status_text(current, NOW) == text
