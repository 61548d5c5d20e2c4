"""Parsed configurations: the same again while they fit, and no more memory than that."""

import gc
import tracemalloc

from boxship.images.parsed_configs import ParsedConfigs
from boxship.images.record import parse_config


class _Parser:
    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def __call__(self, raw: bytes) -> dict[str, int]:
        self.asked.append(raw)
        return {"size": len(raw)}


def test_what_is_known_is_not_parsed_again() -> None:
    parser = _Parser()
    parsed = ParsedConfigs(parser, 10)
    first = parsed(b"first")
    assert parsed(bytes(bytearray(b"first"))) is first
    assert parser.asked == [b"first"]


def test_what_was_not_asked_for_goes_first() -> None:
    parser = _Parser()
    parsed = ParsedConfigs(parser, 10)
    for raw in (b"aaaa", b"bbbb", b"aaaa", b"cccc", b"aaaa", b"bbbb"):
        parsed(raw)
    assert parser.asked == [b"aaaa", b"bbbb", b"cccc", b"bbbb"]


def test_the_last_one_stays_however_large_it_is() -> None:
    parser = _Parser()
    parsed = ParsedConfigs(parser, 10)
    for raw in (b"small", b"x" * 100, b"x" * 100, b"small", b"other", b"small"):
        parsed(raw)
    assert parser.asked == [b"small", b"x" * 100, b"small", b"other"]


def test_large_configurations_take_no_memory_for_long() -> None:
    tracemalloc.start()
    try:
        for number in range(40):
            parse_config(b'{"number": %d, "text": "%s"}' % (number, b"x" * (1 << 20)))
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 24 << 20
    finally:
        tracemalloc.stop()
