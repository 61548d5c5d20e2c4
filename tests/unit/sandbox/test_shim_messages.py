"""Messages between daemon, spawner and shims, and failures on their way up."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxship.base.errors import Internal
from boxship.sandbox import failure, messages
from boxship.sandbox.failure import StageError

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    yield ours, theirs
    ours.close()
    theirs.close()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v, max_size=4)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(), values, max_size=5))
def test_what_is_sent_arrives(pair: Pair, message: dict[str, object]) -> None:
    messages.send(pair[0], message)
    assert messages.receive(pair[1]) == (message, [])


def _of_size(size: int) -> dict[str, str]:
    return {"a": "x" * (size - len('{"a": ""}'))}


def test_a_message_of_the_largest_size_arrives(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "LIMIT", 100_000)
    messages.send(pair[0], _of_size(100_000))
    assert messages.receive(pair[1]) == (_of_size(100_000), [])
    for send in (messages.send, messages.send_to_fork):
        with pytest.raises(Internal, match="between processes, of at most 100000"):
            send(pair[0], _of_size(100_001))


def test_a_message_beyond_the_limit_harms_no_receiver(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages.send(pair[0], _of_size(100_001), [pair[0].fileno()])
    messages.send(pair[0], {"next": 1})
    monkeypatch.setattr(messages, "LIMIT", 100_000)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(messages.TooLong):
        messages.receive(pair[1])
    assert len(os.listdir("/proc/self/fd")) == before
    assert messages.receive(pair[1]) == ({"next": 1}, [])


def test_a_packet_beyond_the_limit_harms_no_receiver(pair: Pair) -> None:
    pair[0].send(b"J" * 40_000)
    messages.send(pair[0], {"next": 1})
    with pytest.raises(messages.TooLong):
        messages.receive(pair[1])
    assert messages.receive(pair[1]) == ({"next": 1}, [])


def test_the_number_of_descriptors_is_limited(pair: Pair) -> None:
    given = [pair[0].fileno()] * messages.MAX_FDS
    message = {"text": "x" * 40_000}
    messages.send(pair[0], message, given)
    received = messages.receive(pair[1])
    assert received is not None and len(received[1]) == messages.MAX_FDS
    for fd in received[1]:
        os.close(fd)
    with pytest.raises(Internal, match="with 251 descriptors, of at most 250"):
        messages.send(pair[0], message, [*given, given[0]])


@pytest.mark.parametrize("size", [0, 32_000, 33_000, 300_000, 3_000_000])
def test_large_messages_and_their_descriptors(pair: Pair, size: int) -> None:
    before = set(os.listdir("/proc/self/fd"))
    read, write = os.pipe()
    messages.send(pair[0], {"text": "x" * size}, [write, read])
    received = messages.receive(pair[1])
    assert received is not None
    message, fds = received
    assert len(message["text"]) == size and len(fds) == 2
    os.write(fds[0], b"through")
    assert os.read(fds[1], 10) == b"through" and not any(os.get_inheritable(fd) for fd in fds)
    for fd in (*fds, read, write):
        os.close(fd)
    assert set(os.listdir("/proc/self/fd")) == before


def test_the_end(pair: Pair) -> None:
    pair[0].close()
    assert messages.receive(pair[1]) is None
    with pytest.raises(OSError):
        messages.send(pair[1], {})


def test_a_socket_may_lie_deep(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    path = str(deep / "shim.sock")
    listener, client = (socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in "12")
    with listener, client:
        with messages.reachable(path) as address:
            listener.bind(address)
        listener.listen()
        with messages.reachable(path) as address:
            client.connect(address)
    assert os.path.exists(path)


def reported(error: Exception) -> dict[str, object]:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        failure.report(write, "stage", error)
    os.close(write)
    found = failure.read(read)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1 and found is not None
    return found


def test_failures_keep_their_words() -> None:
    found = reported(StageError("what the user sees", 126, 13))
    assert found == {"stage": "stage", "message": "what the user sees", "code": 126, "errno": 13}
    found = reported(FileNotFoundError(2, "No such file or directory", "/path"))
    assert (found["message"], found["errno"]) == ("stage: /path: no such file or directory", 2)
    assert reported(ValueError("odd"))["message"] == "stage: ValueError: odd"


@pytest.mark.parametrize("size", [5000, failure.LONGEST, 100_000])
def test_a_failure_arrives_with_as_many_characters_as_fit_a_packet(size: int) -> None:
    """The name of a program comes from a client and may be as long as it likes."""
    message = reported(StageError("\u2028" * size))["message"]
    assert message == "\u2028" * min(size, failure.LONGEST)


def test_no_failure_is_the_end_of_the_pipe() -> None:
    read, write = os.pipe()
    os.close(write)
    assert failure.read(read) is None


def test_descriptions_are_json() -> None:
    for error in (OSError(5, "I/O"), OSError("no number"), StageError("x"), KeyError("k")):
        assert json.loads(json.dumps(failure.describe("s", error)))["stage"] == "s"
