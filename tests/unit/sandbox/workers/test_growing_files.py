"""A file that one side writes and the other reads, by what they tell each other."""

import os
import socket
import struct
from pathlib import Path

from boxship.sandbox.workers.growing import SIZE, chunks, teller


def _line() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def test_a_file_is_read_as_far_as_one_was_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcdefghi")
    ours, theirs = _line()
    with ours, theirs, open(path, "rb") as file:
        ours.send(SIZE.pack(3))
        ours.send(SIZE.pack(7))
        ours.shutdown(socket.SHUT_WR)
        assert list(chunks(file.fileno(), theirs.fileno())) == [b"abc", b"defg"]


def test_a_file_that_is_shorter_than_told_just_ends(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    ours, theirs = _line()
    with ours, theirs, open(path, "rb") as file:
        ours.send(SIZE.pack(1 << 60))
        ours.shutdown(socket.SHUT_WR)
        assert list(chunks(file.fileno(), theirs.fileno())) == [b"abc"]


def test_a_worker_tells_of_megabytes_and_waits_for_nobody() -> None:
    ours, theirs = _line()
    with ours, theirs:
        tell = teller(theirs.fileno())
        step = 4 << 20
        for size in (step - 1, step, step + 1, 3 * step):
            tell(size)
        assert [struct.unpack("<Q", ours.recv(8))[0] for _ in range(2)] == [step, 3 * step]
        for number in range(4, 4000):
            tell(number * step)  # far more than the socket takes
        ours.close()
        tell(5000 * step)
        assert os.fstat(theirs.fileno())  # still the caller's
