"""Log lines: valid JSON that decodes to what was written, cut as dockerd cuts it."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.sandbox.log.format import PART, Splitter, encode

NOW = 1_700_000_000_123_456_789
TIME = "2023-11-14T22:13:20.123456789Z"


def go_text(data: bytes) -> str:
    """As Go reads bytes: one U+FFFD for each byte that is no part of valid UTF-8."""
    text, at = "", 0
    while at < len(data):
        for size in (1, 2, 3, 4):
            try:
                text += data[at : at + size].decode()
            except UnicodeDecodeError:
                continue
            at += min(size, len(data) - at)
            break
        else:
            text += "\ufffd"
            at += 1
    return text


def split(pieces: list[bytes]) -> list[bytes]:
    splitter = Splitter()
    done = [part for piece in pieces for part in splitter.feed(piece)]
    return done + splitter.finish()


def entries(pieces: list[bytes]) -> list[str]:
    encoded = b"".join(encode("stdout", piece, NOW) for piece in split(pieces))
    rows = [json.loads(line) for line in encoded.split(b"\n") if line]
    assert all(row["stream"] == "stdout" and row["time"] == TIME for row in rows)
    return [row["log"] for row in rows]


@given(st.binary(max_size=200).map(lambda data: data.replace(b"\n", b"")))
def test_a_line_decodes_to_what_was_written(line: bytes) -> None:
    assert entries([line + b"\n"]) == [go_text(line) + "\n"]


@given(st.text(max_size=100))
def test_text_survives_whatever_it_is_made_of(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    assert "".join(entries([data])) == go_text(data)


@given(st.lists(st.binary(max_size=40)), st.lists(st.integers(0, 400)))
def test_lines_do_not_depend_on_how_they_arrive(lines: list[bytes], cuts: list[int]) -> None:
    data = b"\n".join(lines)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    assert entries(pieces) == entries([data])


@given(st.lists(st.binary(max_size=40)))
def test_one_entry_a_line(lines: list[bytes]) -> None:
    """Only a line feed ends a line: no carriage return, no Unicode separator."""
    clean = [line.replace(b"\n", b"\r") for line in lines]
    assert entries([line + b"\n" for line in clean]) == [go_text(line) + "\n" for line in clean]


@pytest.mark.parametrize("size", [PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 1, 5 * PART - 7])
@pytest.mark.parametrize("step", [1000, PART, 1 << 20])
def test_long_lines_come_in_parts_of_which_the_last_ends(size: int, step: int) -> None:
    line = (b"0123456789abcde\r" * (size // 16 + 1))[:size] + b"\n"
    data = b"first\n" + line + b"last\n"
    rows = entries([data[at : at + step] for at in range(0, len(data), step)])
    assert "".join(rows).encode() == data
    assert rows[0] == "first\n" and rows[-1] == "last\n"
    middle = rows[1:-1]
    assert all(len(row) == PART for row in middle[:-1])
    assert [row.endswith("\n") for row in middle] == [False] * (len(middle) - 1) + [True]


def test_characters_that_dockerd_escapes() -> None:
    text = '\x00\x07\x08\t\x0c\r\x1b\x7f"\\/<>&\u2028\u2029\u00e9\U0001f600'
    line = encode("stderr", text.encode() + b"\n", NOW)
    shown = line.decode()
    for escape in ("\\u0000", "\\u003c", "\\u003e", "\\u0026", "\\u2028", "\\u2029", "\\t", "\\r"):
        assert escape in shown
    assert json.loads(line)["log"] == text + "\n"
    assert "\u00e9\U0001f600" in shown and line.count(b"\n") == 1


@given(st.binary(max_size=3000), st.integers(1, 50))
def test_nothing_is_held_back_but_an_unfinished_line(data: bytes, step: int) -> None:
    splitter = Splitter()
    seen = b""
    for at in range(0, len(data), step):
        seen += b"".join(splitter.feed(data[at : at + step]))
    assert seen == data[: data.rfind(b"\n") + 1]
    assert b"".join(splitter.finish()) == data[len(seen) :] and splitter.finish() == []
