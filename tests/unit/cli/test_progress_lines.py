"""Lines of progress: they fit the terminal, and say how fast and how long."""

from hypothesis import given
from hypothesis import strategies as st

from boxship.cli.output.pace import WINDOW, Pace, time_left
from boxship.cli.progress import BAR, with_bar

MB = 1_000_000


def test_the_rate_is_that_of_the_last_seconds() -> None:
    pace = Pace()
    assert pace.at(0.0, 100 * MB) is None
    assert pace.at(0.1, 100 * MB) is None
    assert pace.at(1.0, 102 * MB) == 2 * MB
    for second in range(2, 20):
        rate = pace.at(float(second), (102 + 10 * (second - 1)) * MB)
    assert rate == 10 * MB


def test_what_was_there_before_was_not_fast_and_a_new_beginning_counts_anew() -> None:
    pace = Pace()
    pace.at(0.0, 500 * MB)
    assert pace.at(1.0, 501 * MB) == MB
    assert pace.at(2.0, 0) is None
    assert pace.at(3.0, 3 * MB) == 3 * MB


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 10**12)), max_size=60))
def test_any_amounts_at_any_time(steps: list[tuple[float, int]]) -> None:
    pace, now = Pace(), 0.0
    for pause, amount in steps:
        now += pause
        rate = pace.at(now, amount)
        assert rate is None or rate >= 0
        assert len(pace._seen) == 1 or pace._seen[1][0] > now - WINDOW or len(pace._seen) == 2


def test_times_that_people_read() -> None:
    assert [time_left(left, 1.0) for left in (0, 5, 59, 60, 3700, 10**6)] == [
        *("", "6s", "1m00s", "1m01s", "1h01m", ""),
    ]
    assert time_left(5, None) == time_left(5, 0.0) == ""


def test_a_line_says_everything_where_there_is_room() -> None:
    detail = {"current": 50 * MB, "total": 100 * MB}
    line = with_bar("abc: Downloading", detail, 2.5 * MB, 120)
    bar = "=" * (BAR // 2) + ">" + " " * (BAR // 2 - 1)
    assert line == f"abc: Downloading [{bar}]     50MB/100MB  2.5MB/s  21s"


@given(
    st.text("ab: ", max_size=60),
    st.integers(1, 10**13),
    st.integers(0, 10**13),
    st.none() | st.floats(0, 1e12),
    st.integers(1, 300),
)
def test_lines_never_wrap(
    text: str, current: int, total: int, rate: float | None, columns: int
) -> None:
    assert len(with_bar(text, {"current": current, "total": total}, rate, columns)) < columns
