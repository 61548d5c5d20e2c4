"""Questions over TCP: taken whole however they arrive, and from nobody at the cost of others."""

import os
import socket
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from boxship.sandbox.dns import message
from boxship.sandbox.dns.streams import Stream

_QUESTION = st.binary(min_size=message.HEADER, max_size=40)


class _Owner:
    """Streams as one connection sees them."""

    def __init__(self) -> None:
        self.loop = self.silences = self
        self.asked: list[bytes] = []

    def ask(self, data: bytes, send: Any) -> None:
        self.asked.append(data)

    def _nothing(self, *ignored: Any) -> None:
        return

    heard = watch = forget = drop = _nothing


def _sized(question: bytes) -> bytes:
    return len(question).to_bytes(2, "big") + question


def _fed(*parts: bytes) -> tuple[list[bytes], bool]:
    """What is asked when *parts* arrive one by one, and whether the connection is kept."""
    ours, theirs = socket.socketpair()
    owner = _Owner()
    with theirs:
        ours.setblocking(False)
        stream = Stream(owner, socket.SocketType(fileno=ours.detach()))  # type: ignore[arg-type]
        for part in parts:
            theirs.sendall(part)
            stream._ready(1)
        is_open = stream._open
        stream.close()
    return owner.asked, is_open


@given(st.lists(_QUESTION, max_size=5), st.lists(st.integers(0, 200), max_size=4))
def test_questions_arrive_in_parts(questions: list[bytes], cuts: list[int]) -> None:
    data = b"".join(map(_sized, questions))
    ends = [*sorted({cut for cut in cuts if 0 < cut < len(data)}), len(data)]
    parts = [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    assert _fed(*filter(None, parts)) == (questions, True)


def test_what_is_too_short_for_a_question_ends_the_connection() -> None:
    question = os.urandom(message.HEADER)
    for size in range(message.HEADER):
        data = _sized(question) + _sized(os.urandom(size)) + _sized(question)
        assert _fed(data) == ([question], False)


def test_a_flood_is_taken_in_turns() -> None:
    question = os.urandom(message.HEADER)
    asked, is_open = _fed(_sized(question) * 4000)
    assert 0 < len(asked) < 1000
    assert is_open
