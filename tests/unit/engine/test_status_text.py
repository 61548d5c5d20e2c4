"""The status column."""

import pytest

from boxship.engine.containers.container import State
from boxship.engine.containers.status_text import status_text

SECOND = 1_000_000_000
HOUR, DAY = 3600, 24 * 3600
NOW = 10**9 * SECOND


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
