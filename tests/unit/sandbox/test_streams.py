"""Streams between a program and its clients: nothing is lost, doubled or reordered."""

import os
import select
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boxship.sandbox.client import HIGH_WATER
from boxship.sandbox.log.write import LogFile, NoLog
from boxship.sandbox.loop import Loop
from boxship.sandbox.streams import Stdio, Streams
from support.hijacked import frames

ALL = {"stdin": True, "stdout": True, "stderr": True}


class Program:
    """A program without a terminal: ``streams`` is the shim's side, the rest is the test's."""

    def __init__(
        self, log: LogFile | NoLog, stdin_once: bool = True, loop: Loop | None = None
    ) -> None:
        self.loop = loop or Loop()
        self.stdio = Stdio(False, stdin=True)
        self.stdin, self.stdout, self.stderr = (os.dup(fd) for fd in self.stdio.child)
        self.stdio.close_child()
        self.streams = Streams(self.loop, self.stdio, log, stdin_once)
        self.streams.start()

    def attach(self, **spec: Any) -> socket.socket:
        ours, theirs = socket.socketpair()
        self.streams.attach(theirs.detach(), ALL | spec)
        ours.settimeout(10)
        return ours

    def turn(self) -> None:
        """Handle what is ready at this moment."""
        self.loop.after(0, lambda: setattr(self.loop, "stopped", True))
        self.loop.stopped = False
        self.loop.run()

    def until(self, done: Callable[[], bool]) -> None:
        for _ in range(20_000):
            if done():
                return
            self.turn()
        raise AssertionError("nothing happens any more")

    def end(self) -> None:
        for fd in (self.stdout, self.stderr):
            os.close(fd)


@pytest.fixture
def program() -> Iterator[Program]:
    made = Program(NoLog())
    yield made
    os.close(made.stdin)


def read_some(sock: socket.socket, limit: int = 1 << 16) -> bytes:
    ready, _, _ = select.select([sock], [], [], 0)
    return sock.recv(limit) if ready else b""


def read_all(program: Program, sock: socket.socket) -> bytes:
    """Everything up to the end that the shim makes."""
    parts: list[bytes] = []

    def ended() -> bool:
        ready, _, _ = select.select([sock], [], [], 0)
        if not ready:
            return False
        parts.append(sock.recv(1 << 16))
        return not parts[-1]

    program.until(ended)
    return b"".join(parts)


def text(data: bytes, stream: int = 1) -> bytes:
    return b"".join(body for kind, body in frames(data) if kind == stream)


def pump(program: Program, content: bytes, readers: list[socket.socket]) -> list[bytes]:
    """Write *content* as the program while all *readers* read; what each of them got."""
    os.set_blocking(program.stdout, False)
    view, got = memoryview(content), [bytearray() for _ in readers]
    while view:
        try:
            view = view[os.write(program.stdout, view[: 1 << 16]) :]
        except BlockingIOError:
            pass
        program.turn()
        for had, sock in zip(got, readers, strict=True):
            had += read_some(sock)
    program.end()
    return [bytes(had) + read_all(program, sock) for had, sock in zip(got, readers, strict=True)]


def test_output_reaches_every_client_in_frames(program: Program) -> None:
    first, second = program.attach(), program.attach(stderr=False)
    os.write(program.stdout, b"out")
    program.until(lambda: bool(select.select([first], [], [], 0)[0]))
    os.write(program.stderr, b"err")
    program.turn()
    program.end()
    assert frames(read_all(program, first)) == [(1, b"out"), (2, b"err")]
    assert frames(read_all(program, second)) == [(1, b"out")]


def test_fast_and_slow_clients_get_the_same(program: Program) -> None:
    content = b"".join(b"%08d\n" % n for n in range(600_000))
    readers = [program.attach() for _ in range(3)]
    for got in pump(program, content, readers):
        assert text(got) == content


def test_a_client_that_does_not_read_stops_the_program_not_the_shim(program: Program) -> None:
    sleeper = program.attach()
    os.set_blocking(program.stdout, False)
    written = 0
    for _ in range(400):
        try:
            written += os.write(program.stdout, b"x" * 65536)
        except BlockingIOError:
            pass
        program.turn()
    assert HIGH_WATER < written < 6 * HIGH_WATER
    other = program.attach()
    os.write(program.stderr, b"later")
    program.end()
    seen = read_all(program, sleeper)
    assert text(seen) == b"x" * written and text(seen, 2) == b"later"
    assert text(read_all(program, other), 2) == b"later"


def test_a_slow_client_that_leaves_sets_the_others_free(program: Program) -> None:
    sleeper, reader = program.attach(), program.attach()
    os.set_blocking(program.stdout, False)
    got, written = b"", 0
    for n in range(400):
        if n == 200:
            sleeper.close()
        try:
            written += os.write(program.stdout, b"y" * 65536)
        except BlockingIOError:
            pass
        program.turn()
        got += read_some(reader, 1 << 20)
    assert written > 8 * HIGH_WATER
    program.end()
    assert text(got + read_all(program, reader)) == b"y" * written


def test_a_half_closed_client_ends_the_input_and_keeps_its_output(program: Program) -> None:
    client = program.attach()
    client.sendall(b"question")
    client.shutdown(socket.SHUT_WR)
    program.until(lambda: bool(select.select([program.stdin], [], [], 0)[0]))
    program.turn()
    assert os.read(program.stdin, 100) == b"question" and os.read(program.stdin, 100) == b""
    os.write(program.stdout, b"answer")
    program.end()
    assert text(read_all(program, client)) == b"answer"


def test_without_stdin_once_a_half_closed_client_is_let_go() -> None:
    program = Program(NoLog(), stdin_once=False)
    client, second = program.attach(), program.attach()
    client.shutdown(socket.SHUT_WR)
    assert read_all(program, client) == b""
    second.sendall(b"still open")
    program.until(lambda: bool(select.select([program.stdin], [], [], 0)[0]))
    assert os.read(program.stdin, 100) == b"still open"
    program.end()
    program.until(lambda: program.streams.closed)
    os.close(program.stdin)


def test_large_input_arrives_whole_however_slowly_it_is_read(program: Program) -> None:
    content = os.urandom(1 << 20) * 3
    client = program.attach(leftover=list(content[:1000]))
    client.setblocking(False)
    view, got, finished = memoryview(content[1000:]), b"", False
    while len(got) < len(content):
        if view:
            try:
                view = view[client.send(view[:65536]) :]
            except BlockingIOError:
                pass
        elif not finished:
            client.shutdown(socket.SHUT_WR)
            finished = True
        program.turn()
        if select.select([program.stdin], [], [], 0)[0]:
            got += os.read(program.stdin, 5000)
    program.turn()
    assert got == content and os.read(program.stdin, 1) == b""
    program.end()
    program.until(lambda: program.streams.closed)


def test_input_for_a_program_that_closed_it_is_dropped(program: Program) -> None:
    client = program.attach()
    os.close(program.stdin)
    program.stdin = os.open("/dev/null", os.O_RDONLY)
    client.sendall(b"nobody listens")
    program.turn()
    program.turn()
    os.write(program.stdout, b"fine")
    program.end()
    assert text(read_all(program, client)) == b"fine"


def test_draining_takes_what_is_in_the_pipes_although_they_are_held_open(program: Program) -> None:
    client = program.attach()
    os.write(program.stdout, b"last words")
    program.streams.drain()
    assert program.streams.closed and text(read_all(program, client)) == b"last words"
    program.end()


@pytest.mark.parametrize("count", [10, 200_000])
def test_history_comes_before_live_output_and_nothing_is_doubled(
    tmp_path: Path, count: int
) -> None:
    program = Program(LogFile(str(tmp_path / "log"), 8 << 20, 9))
    old = b"".join(b"old %d\n" % n for n in range(count)) + b"half a "
    new = b"line\n" + b"".join(b"new %d\n" % n for n in range(50_000))
    assert pump_without_end(program, old) == len(old)
    client = program.attach(logs=True)
    assert [text(got) for got in pump(program, new, [client])] == [old + new]
    os.close(program.stdin)


def pump_without_end(program: Program, content: bytes) -> int:
    os.set_blocking(program.stdout, False)
    view = memoryview(content)
    while view:
        try:
            view = view[os.write(program.stdout, view[: 1 << 16]) :]
        except BlockingIOError:
            pass
        program.turn()
    for _ in range(40):
        program.turn()
    return len(content)


def test_history_alone_ends_when_it_is_sent(tmp_path: Path) -> None:
    program = Program(LogFile(str(tmp_path / "log"), -1, 1))
    old = b"".join(b"old %d\n" % n for n in range(100_000))
    pump_without_end(program, old)
    client = program.attach(logs=True, stream=False)
    assert text(read_all(program, client)) == old
    program.end()
    program.until(lambda: program.streams.closed)
    os.close(program.stdin)


def test_descriptors_end_with_the_streams() -> None:
    loop = Loop()
    before = set(os.listdir("/proc/self/fd"))
    for _ in range(5):
        program = Program(NoLog(), loop=loop)
        client = program.attach()
        client.shutdown(socket.SHUT_WR)
        program.end()
        read_all(program, client)
        client.close()
        os.close(program.stdin)
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_program_that_was_not_started_leaves_nothing() -> None:
    before = set(os.listdir("/proc/self/fd"))
    for tty, stdin in ((False, False), (False, True), (True, True)):
        Stdio(tty, stdin).close()
    assert set(os.listdir("/proc/self/fd")) == before
