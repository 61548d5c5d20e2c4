"""Log lines as the file has them, and as clients get them."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from urllib.parse import quote_plus

import msgspec

from boxship.base.times import rfc3339_fixed


class Entry(msgspec.Struct):
    """One object of a json-file log."""

    log: str = ""
    stream: str = ""
    time: str = ""
    attrs: dict[str, str] | None = None


@dataclass(slots=True)
class Selection:
    """Which entries, and how they are shown. *since* and *until* are nanoseconds, 0 for none."""

    stdout: bool = True
    stderr: bool = True
    since: int = 0
    until: int = 0
    tail: int = -1
    follow: bool = False
    timestamps: bool = False
    details: bool = False
    framed: bool = True


_decoder = msgspec.json.Decoder(Entry)


def decode(lines: bytes) -> list[Entry]:
    """Whole lines of a log; what is no JSON (a torn write) is left out."""
    try:
        return _decoder.decode_lines(lines)
    except msgspec.MsgspecError:
        return [entry for entry in map(_one, lines.splitlines()) if entry is not None]


def _one(line: bytes) -> Entry | None:
    try:
        return _decoder.decode(line)
    except msgspec.MsgspecError:
        return None


def select(entries: Iterable[Entry], selection: Selection) -> tuple[list[Entry], bool]:
    """The wanted ones, and whether all that follow are too late. Times compare as texts."""
    wanted = {n for n in ("stdout", "stderr") if getattr(selection, n)}
    result = [e for e in entries if e.stream in wanted] if len(wanted) < 2 else [*entries]
    if selection.since:
        bound = rfc3339_fixed(selection.since)
        result = [e for e in result if e.time >= bound]
    if selection.until:
        bound = rfc3339_fixed(selection.until)
        kept = [e for e in result if e.time <= bound]
        return kept, len(kept) < len(result)
    return result, False


_HEADS = {"stdout": b"\1\0\0\0", "stderr": b"\2\0\0\0"}


def encode(entries: Iterable[Entry], selection: Selection, bulk: bool = False) -> bytes:
    """Bytes for the client: a frame for each entry, because clients take a frame for a line.

    *bulk* puts the entries of one stream that follow each other into one frame: a client spends a
    system call on each, which is most of what a large log costs to read.
    """
    if selection.timestamps or selection.details:
        rows = [(entry.stream, _prefixed(entry, selection)) for entry in entries]
    else:
        rows = [(entry.stream, entry.log) for entry in entries]
    if not selection.framed:
        return "".join([text for _, text in rows]).encode("utf-8", "surrogatepass")
    if bulk:
        grouped = groupby(rows, itemgetter(0))
        rows = [(stream, "".join([text for _, text in group])) for stream, group in grouped]
    pieces: list[bytes] = []
    for stream, text in rows:
        data = text.encode("utf-8", "surrogatepass")
        pieces += (_HEADS.get(stream, _HEADS["stdout"]), len(data).to_bytes(4, "big"), data)
    return b"".join(pieces)


def _prefixed(entry: Entry, selection: Selection) -> str:
    prefix = f"{entry.time} " if selection.timestamps else ""
    if selection.details:
        pairs = [f"{quote_plus(k)}={quote_plus(v)}" for k, v in sorted((entry.attrs or {}).items())]
        prefix += ",".join(pairs) + " "
    return prefix + entry.log
