"""Rotation of log files: bounded in size and number, and not a line is lost between two files."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxship.sandbox.log.replay import replay
from boxship.sandbox.log.write import LogFile, NoLog, open_log


def write_all(path: Path, lines: list[bytes], max_size: int, max_files: int) -> list[Path]:
    """The files that are left, oldest first."""
    log = LogFile(str(path), max_size, max_files)
    for line in lines:
        log.write("stdout", line)
    log.finish()
    return sorted(path.parent.glob(path.name + "*"), key=_age)


def logged(files: list[Path]) -> list[bytes]:
    rows = b"".join(file.read_bytes() for file in files).splitlines()
    return [json.loads(row)["log"].encode() for row in rows]


def test_no_line_is_lost_while_all_files_are_kept(tmp_path: Path) -> None:
    lines = [b"line %d %s\n" % (n, b"x" * (n % 90)) for n in range(300)]
    files = write_all(tmp_path / "c-json.log", lines, 4096, 50)
    assert len(files) > 5 and logged(files) == lines
    assert all(file.stat().st_size <= 4096 for file in files)


def _age(file: Path) -> int:
    suffix = file.suffix[1:]
    return -int(suffix) if suffix.isdigit() else 0


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_the_newest_lines_are_kept(tmp_path: Path, kept: int) -> None:
    lines = [b"line %d\n" % n for n in range(1000)]
    files = write_all(tmp_path / "c-json.log", lines, 2000, kept)
    left = logged(files)
    assert len(files) == kept and 0 < len(left) < 1000
    assert left == lines[-len(left) :]


def test_a_line_larger_than_a_file_is_written_whole(tmp_path: Path) -> None:
    lines = [b"a\n", b"b" * 5000 + b"\n", b"c\n"]
    assert logged(write_all(tmp_path / "l", lines, 500, 9)) == lines


def test_a_chunk_of_many_lines_is_cut_between_lines(tmp_path: Path) -> None:
    lines = [b"line %d\n" % n for n in range(500)]
    files = write_all(tmp_path / "l", [b"".join(lines)], 3000, 40)
    assert len(files) > 10 and logged(files) == lines


def test_a_log_goes_on_where_an_earlier_one_ended(tmp_path: Path) -> None:
    path = tmp_path / "l"
    for n in range(20):
        write_all(path, [b"start %d\n" % n], 900, 3)
    left = logged(sorted(tmp_path.iterdir(), key=_age))
    assert left == [b"start %d\n" % n for n in range(20 - len(left), 20)] and len(left) > 10


def test_without_a_limit_there_is_one_file(tmp_path: Path) -> None:
    lines = [b"x" * 100 + b"\n"] * 500
    assert logged(write_all(tmp_path / "l", lines, -1, 3)) == lines


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(st.binary(max_size=120).map(lambda data: data.replace(b"\n", b" ") + b"\n")),
    st.integers(1, 700),
)
def test_any_lines_any_limit(tmp_path: Path, lines: list[bytes], limit: int) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    files = write_all(tmp_path / "l", lines, limit, 1000)
    whole = b"".join(file.read_bytes() for file in files)
    assert [json.loads(row)["log"] for row in whole.splitlines()] == [
        line.decode("utf-8", "boxship-replace-each-byte") for line in lines
    ]


def test_a_full_disk_loses_lines_but_raises_nothing() -> None:
    log = LogFile("/dev/full", -1, 1)
    log.write("stdout", b"lost\n")
    log.finish()


def test_streams_keep_their_unfinished_lines_apart(tmp_path: Path) -> None:
    log = LogFile(str(tmp_path / "l"), -1, 1)
    for stream, data in (("stdout", b"out "), ("stderr", b"err "), ("stdout", b"end\n")):
        log.write(stream, data)
    log.finish()
    rows = [json.loads(row) for row in (tmp_path / "l").read_bytes().splitlines()]
    assert [(row["stream"], row["log"]) for row in rows] == [
        ("stdout", "out end\n"),
        ("stderr", "err "),
    ]


def test_time_never_runs_backwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([3_000, 1_000, 2_000])
    monkeypatch.setattr("time.time_ns", lambda: next(clock))
    log = LogFile(str(tmp_path / "l"), -1, 1)
    for _ in range(3):
        log.write("stdout", b"x\n")
    times = [json.loads(row)["time"] for row in (tmp_path / "l").read_bytes().splitlines()]
    assert times == sorted(times)


BOTH = {"stdout": True, "stderr": True}


def test_history_gives_the_wanted_streams_of_all_files(tmp_path: Path) -> None:
    log = LogFile(str(tmp_path / "l"), 600, 3)
    for n in range(10):
        log.write("stdout", b"out %d\n" % n)
        log.write("stderr", b"err %d\n" % n)
    kept = sum(len(file.read_bytes().splitlines()) for file in tmp_path.iterdir())
    both = list(log.history(BOTH))
    assert len(list(tmp_path.iterdir())) == 3 and len(both) == kept
    expected = [(f"std{kind}", f"{kind} {n}\n".encode()) for n in range(10) for kind in _KINDS]
    assert both == expected[-kept:]
    outs = list(log.history({"stdout": True}))
    assert outs == [row for row in both if row[0] == "stdout"] and outs


_KINDS = ("out", "err")


def test_history_ends_with_the_unfinished_line(tmp_path: Path) -> None:
    log = LogFile(str(tmp_path / "l"), -1, 1)
    log.write("stdout", b"whole\nhalf")
    assert list(log.history(BOTH)) == [("stdout", b"whole\n"), ("stdout", b"half")]
    assert list(log.history({"stderr": True})) == []


def test_replay_of_nothing_and_of_a_torn_file(tmp_path: Path) -> None:
    assert list(replay(str(tmp_path / "missing"), 3, {"stdout": True})) == []
    (tmp_path / "torn").write_bytes(b'{"log":"a\\n","stream":"stdout","time":""}\n{"log":"b')
    assert list(replay(str(tmp_path / "torn"), 3, {"stdout": True})) == [("stdout", b"a\n")]


def test_the_driver_none_writes_nothing(tmp_path: Path) -> None:
    log = open_log({"driver": "none", "path": str(tmp_path / "l"), "max_size": 1, "max_files": 1})
    log.write("stdout", b"x\n")
    log.finish()
    assert isinstance(log, NoLog) and not list(tmp_path.iterdir())
