"""What the shim logs is what ``docker logs`` reads back: long lines, odd bytes, rotation."""

import json
from pathlib import Path

import pytest

from support import inside
from support.engines import Engine
from support.hijacked import Hijacked
from support.waiting import eventually


def logs(engine: Engine, container: str, *options: str) -> str:
    return engine.docker("logs", *options, container).stdout


def run(engine: Engine, script: str, *options: str) -> str:
    """The container that ran *script* to its end."""
    container = engine.docker("create", *options, "busybox", "sh", "-c", script).stdout.strip()
    engine.docker("start", container)
    engine.docker("wait", container)
    return container


def files(engine: Engine, container: str) -> list[Path]:
    path = Path(inside.inspect(engine, container)["LogPath"])
    return sorted(path.parent.glob(path.name + "*"))


def entries(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


@pytest.mark.parametrize("size", [16383, 16384, 16385, 50_000])
def test_long_lines_come_back_whole(clean_boxship: Engine, size: int) -> None:
    script = f"head -c {size} /dev/zero | tr '\\0' x; echo; echo next"
    container = run(clean_boxship, script)
    assert logs(clean_boxship, container) == "x" * size + "\nnext\n"
    [file] = files(clean_boxship, container)
    parts = [entry["log"] for entry in entries(file)]
    assert max(map(len, parts)) <= 16385 and parts[-1] == "next\n"
    shown = logs(clean_boxship, container, "--tail", "1")
    assert shown == "next\n"


def test_an_unfinished_line_is_logged_at_the_end(clean_boxship: Engine) -> None:
    container = run(clean_boxship, "echo whole; printf half")
    assert logs(clean_boxship, container) == "whole\nhalf"


def test_bytes_that_are_no_text(clean_boxship: Engine) -> None:
    """Each becomes U+FFFD, as with dockerd; carriage returns and separators end no line."""
    script = r"printf 'a\377b\360\237\222c\303\251 \r \342\200\250 \0 <&>\n'"
    container = run(clean_boxship, script)
    shown = inside.raw(clean_boxship, "logs", container).decode()
    assert shown == "a\ufffdb\ufffd\ufffd\ufffdc\u00e9 \r \u2028 \0 <&>\n"
    [file] = files(clean_boxship, container)
    assert len(entries(file)) == 1


def test_no_line_is_lost_between_files(clean_boxship: Engine) -> None:
    options = ["--log-opt", "max-size=200k", "--log-opt", "max-file=40"]
    container = run(clean_boxship, "seq 1 60000", *options)
    assert len(files(clean_boxship, container)) > 10
    assert all(file.stat().st_size <= 200 << 10 for file in files(clean_boxship, container))
    expected = "".join(f"{n}\n" for n in range(1, 60_001))
    assert logs(clean_boxship, container) == expected
    assert logs(clean_boxship, container, "--tail", "5000") == expected[-30_000:]


def test_the_oldest_lines_go_first(clean_boxship: Engine) -> None:
    options = ["--log-opt", "max-size=100k", "--log-opt", "max-file=3"]
    container = run(clean_boxship, "seq 1 30000", *options)
    names = [
        file.name.removeprefix(f"{container}-json.log") for file in files(clean_boxship, container)
    ]
    left = logs(clean_boxship, container).split()
    assert names == ["", ".1", ".2"] and 1000 < len(left) < 30_000
    assert left == [str(n) for n in range(30_001 - len(left), 30_001)]


def test_following_across_rotations(clean_boxship: Engine) -> None:
    script = "for i in $(seq 1 200); do seq ${i}000 ${i}099; done; sleep 0.2"
    options = ["--log-opt", "max-size=50k", "--log-opt", "max-file=90"]
    container = inside.start(clean_boxship, *options, "busybox", "sh", "-c", script)
    expected = [str(n) for i in range(1, 201) for n in range(i * 1000, i * 1000 + 100)]
    assert logs(clean_boxship, container, "-f").split() == expected


def test_streams_stay_apart_and_in_order(clean_boxship: Engine) -> None:
    script = "for i in 1 2 3; do echo out $i; read go; echo err $i >&2; read go; done"
    container = inside.start(clean_boxship, "-i", "busybox", "sh", "-c", script)
    [file] = files(clean_boxship, container)
    stdin = Hijacked(clean_boxship.socket, f"/containers/{container}/attach?stream=1&stdin=1")
    # Of two pipes with something in them nobody knows which had it first.
    for count in range(1, 7):
        eventually(lambda n=count: len(entries(file)) == n)
        stdin.socket.sendall(b"\n")
    stdin.socket.close()
    rows = [(entry["stream"], entry["log"]) for entry in entries(file)]
    assert rows == [(f"std{k}", f"{k} {n}\n") for n in (1, 2, 3) for k in ("out", "err")]
    times = [entry["time"] for entry in entries(file)]
    assert times == sorted(times) and all(len(time) == 30 for time in times)


def test_a_terminals_output_is_standard_output(clean_boxship: Engine) -> None:
    container = run(clean_boxship, "echo out; echo err >&2", "-t")
    assert inside.raw(clean_boxship, "logs", container) == b"out\r\nerr\r\n"


def test_the_driver_none(clean_boxship: Engine) -> None:
    container = run(clean_boxship, "echo gone", "--log-driver", "none")
    assert inside.inspect(clean_boxship, container)["LogPath"] == ""
    done = clean_boxship.docker("logs", container, check=False)
    assert done.returncode == 1 and done.stdout == ""
