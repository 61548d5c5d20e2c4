"""Standard streams of containers end to end: through daemon, shim and the kernel's pipes."""

import random
import socket
import time
from collections.abc import Iterator

import pytest

from support import inside
from support.engines import Engine
from support.hijacked import Hijacked, streams
from support.waiting import eventually

OUTPUT = "stream=1&stdout=1&stderr=1"


def attach(engine: Engine, container: str, query: str = OUTPUT) -> Hijacked:
    return Hijacked(engine.socket, f"/containers/{container}/attach?{query}")


def create(engine: Engine, *words: str) -> str:
    return engine.docker("create", *words).stdout.strip()


def test_a_client_that_sleeps_stops_the_program_and_loses_nothing(clean_boxship: Engine) -> None:
    """Three clients of different speeds get the same ten megabytes in the same order."""
    script = "seq 1 1500000; echo end >&2"
    container = create(clean_boxship, "--log-driver", "none", "busybox", "sh", "-c", script)
    clients = [attach(clean_boxship, container) for _ in range(3)]
    clean_boxship.docker("start", container)
    expected = b"".join(b"%d\n" % n for n in range(1, 1_500_001))
    assert len(expected) > 10_000_000
    clients[0].read_behind()
    clients[1].read_behind()
    time.sleep(1.5)
    assert inside.inspect(clean_boxship, container)["State"]["Running"]
    shim = inside.parent_of(inside.pid_of(clean_boxship, container))
    assert int(inside.status_of(shim)["RssAnon"].split()[0]) < 30_000
    for client in reversed(clients):
        assert streams(client.result()) == {1: expected, 2: b"end\n"}
    assert clean_boxship.docker("wait", container).stdout == "0\n"


def test_a_log_is_written_while_a_client_sleeps_and_wakes(clean_boxship: Engine) -> None:
    container = create(clean_boxship, "busybox", "seq", "1", "400000")
    client = attach(clean_boxship, container)
    clean_boxship.docker("start", container)
    time.sleep(0.5)
    expected = b"".join(b"%d\n" % n for n in range(1, 400_001))
    assert streams(client.result())[1] == expected
    assert clean_boxship.docker("logs", container).stdout.encode() == expected


def test_a_client_that_goes_away_does_not_stop_the_program(clean_boxship: Engine) -> None:
    container = create(clean_boxship, "busybox", "sh", "-c", "seq 1 500000; echo done >&2")
    client = attach(clean_boxship, container)
    clean_boxship.docker("start", container)
    client.socket.recv(1000)
    client.socket.close()
    assert clean_boxship.docker("wait", container).stdout == "0\n"
    assert clean_boxship.docker("logs", container).stderr == "done\n"


@pytest.mark.parametrize("size", [0, 1, 65536, 3_000_000])
def test_input_through_the_cli(clean_boxship: Engine, size: int) -> None:
    data = random.Random(size).randbytes(size)
    words = ["run", "--rm", "-i", "busybox", "sh", "-c", "wc -c; echo more"]
    assert clean_boxship.docker(*words, stdin=data).stdout.split() == [str(size), "more"]


def test_every_byte_goes_in_and_comes_out(clean_boxship: Engine) -> None:
    data = bytes(range(256)) * 4000 + b"\x10\x11 no newline at the end"
    assert inside.raw(clean_boxship, "run", "--rm", "-i", "busybox", "cat", stdin=data) == data
    container = inside.start(clean_boxship, "busybox", "sleep", "1000")
    assert inside.raw(clean_boxship, "exec", "-i", container, "cat", stdin=data) == data


def test_input_that_nobody_reads_is_no_obstacle(clean_boxship: Engine) -> None:
    words = ["run", "--rm", "-i", "busybox", "sh", "-c", "exec 0<&-; sleep 0.3; echo fine"]
    assert clean_boxship.docker(*words, stdin=bytes(1_000_000)).stdout == "fine\n"
    words = ["run", "--rm", "-i", "busybox", "true"]
    assert clean_boxship.docker(*words, stdin=bytes(1_000_000)).returncode == 0


def test_without_input_there_is_the_null_device(clean_boxship: Engine) -> None:
    assert inside.run(clean_boxship, "busybox", "sh", "-c", "cat; readlink /proc/self/fd/0") == (
        "/dev/null"
    )


def test_half_closing_ends_the_input_and_not_the_output(clean_boxship: Engine) -> None:
    script = "cat; sleep 0.3; echo after"
    container = create(clean_boxship, "-i", "busybox", "sh", "-c", script)
    client = attach(clean_boxship, container, OUTPUT + "&stdin=1")
    clean_boxship.docker("start", container)
    client.socket.sendall(b"before\n")
    client.socket.shutdown(socket.SHUT_WR)
    assert streams(client.result())[1] == b"before\nafter\n"


def test_input_sent_before_the_start_is_kept(clean_boxship: Engine) -> None:
    container = create(clean_boxship, "-i", "busybox", "cat")
    client = attach(clean_boxship, container, OUTPUT + "&stdin=1")
    client.socket.sendall(b"early\n")
    client.socket.shutdown(socket.SHUT_WR)
    clean_boxship.docker("start", container)
    assert streams(client.result())[1] == b"early\n"


@pytest.fixture
def talker(clean_boxship: Engine) -> Iterator[str]:
    """Prints a line each time it gets one."""
    script = "while read line; do echo got $line; echo err $line >&2; done"
    yield inside.start(clean_boxship, "-i", "busybox", "sh", "-c", script)


def test_clients_come_and_go(clean_boxship: Engine, talker: str) -> None:
    first = attach(clean_boxship, talker, OUTPUT + "&stdin=1")
    only_errors = attach(clean_boxship, talker, "stream=1&stderr=1&logs=1")
    first.socket.sendall(b"one\n")
    first.read_until(b"err one\n")
    second = attach(clean_boxship, talker, OUTPUT + "&logs=1")
    second.read_until(b"err one\n")
    first.socket.sendall(b"two\n")
    second.read_until(b"err two\n")
    first.socket.close()
    third = attach(clean_boxship, talker, OUTPUT + "&stdin=1&logs=1")
    third.socket.sendall(b"three\n")
    assert third.read_until(b"err three\n").count(b"one") == 2
    clean_boxship.docker("kill", talker)
    assert streams(only_errors.result())[2] == b"err one\nerr two\nerr three\n"
    assert streams(second.result())[1] == b"got three\n"


def test_logs_and_live_output_meet_without_a_gap(clean_boxship: Engine) -> None:
    script = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo $i; done"
    container = inside.start(clean_boxship, "busybox", "sh", "-c", script)
    clients = [attach(clean_boxship, container, OUTPUT + "&logs=1") for _ in range(6)]
    for client in clients:
        client.read_behind()
    expected = b"".join(b"%d\n" % n for n in range(1, 60_001))
    for client in clients:
        assert streams(client.result())[1] == expected


def test_logs_without_the_stream_end_at_once(clean_boxship: Engine, talker: str) -> None:
    client = attach(clean_boxship, talker, OUTPUT + "&stdin=1")
    client.socket.sendall(b"x\n")
    client.read_until(b"err x\n")
    logs = attach(clean_boxship, talker, "logs=1&stdout=1&stderr=1")
    assert streams(logs.result()) == {1: b"got x\n", 2: b"err x\n"}


def test_attaching_at_the_end_is_no_race(clean_boxship: Engine) -> None:
    """Output and status of programs that are over before anybody looks."""
    for n in range(15):
        done = clean_boxship.docker(
            "run", "--rm", "busybox", "sh", "-c", f"echo {n}; exit {n}", check=False
        )
        assert (done.returncode, done.stdout) == (n, f"{n}\n")


def test_output_of_an_exec_is_whole_when_it_ends(clean_boxship: Engine) -> None:
    container = inside.start(clean_boxship, "busybox", "sleep", "1000")
    done = clean_boxship.docker("exec", container, "sh", "-c", "seq 1 300000; exit 3", check=False)
    assert done.returncode == 3
    assert done.stdout == "".join(f"{n}\n" for n in range(1, 300_001))


def test_a_background_process_keeps_no_stream_open(clean_boxship: Engine) -> None:
    script = "sleep 1000 & echo started"
    assert inside.run(clean_boxship, "busybox", "sh", "-c", script) == "started"


def test_a_slow_client_outlives_its_container(clean_boxship: Engine) -> None:
    """The rest of the output is delivered after the container is gone; then the shim ends."""
    container = create(clean_boxship, "busybox", "sh", "-c", "seq 1 150000")
    client = attach(clean_boxship, container)
    clean_boxship.docker("start", container)
    eventually(lambda: not inside.inspect(clean_boxship, container)["State"]["Running"])
    clean_boxship.docker("rm", container)
    assert streams(client.result())[1] == b"".join(b"%d\n" % n for n in range(1, 150_001))
