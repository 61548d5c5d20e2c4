"""The json-file format: one object a line, as dockerd writes it.

A whole chunk is encoded at once: escapes by one regular expression (rarely needed), then line ends
by one bulk replacement, with one time stamp for all lines of the chunk.
"""

import codecs
import re

from boxship.base.times import rfc3339_fixed

# dockerd cuts longer lines into parts, of which only the last one ends in "\n".
PART = 16 * 1024
# What Go's JSON encoder escapes, HTML characters and line separators among them.
_ESCAPE = re.compile('[\x00-\x09\x0b-\x1f"\\\\<>&\u2028\u2029]')
_NAMED = {'"': '\\"', "\\": "\\\\", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def _replace(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "\ufffd" * (error.end - error.start), error.end


_REPLACE = "boxship-replace-each-byte"
codecs.register_error(_REPLACE, _replace)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _NAMED.get(character) or f"\\u{ord(character):04x}"


def encode(stream: str, data: bytes, now: int, attributes: str = "") -> bytes:
    """JSON lines for *data*, whole lines (or one part of a line) of *stream*; *now* in ns.

    *attributes* is a JSON object that goes into each line, or empty.

    Each byte that is no UTF-8 becomes one U+FFFD, as with dockerd.
    """
    text = data.decode("utf-8", _REPLACE)
    text = _ESCAPE.sub(_escape, text)
    extra = f',"attrs":{attributes}' if attributes else ""
    tail = f'","stream":"{stream}"{extra},"time":"{rfc3339_fixed(now)}"}}\n'
    ended = text.endswith("\n")
    body = text[:-1] if ended else text
    joined = body.replace("\n", "\\n" + tail + '{"log":"')
    return ('{"log":"' + joined + ("\\n" if ended else "") + tail).encode()


class Splitter:
    """Cuts a stream into what :func:`encode` takes: whole lines, parts of at most 16 KiB."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Pieces that are ready; each is many whole lines, or one part without a line end."""
        data = self._rest + data
        cut = data.rfind(b"\n") + 1
        lines, self._rest = data[:cut], data[cut:]
        pieces = self._bounded(lines) if lines else []
        while len(self._rest) >= PART:
            pieces.append(self._rest[:PART])
            self._rest = self._rest[PART:]
        return pieces

    def _bounded(self, lines: bytes) -> list[bytes]:
        """*lines* as one piece, unless one of them is longer than a part."""
        if len(lines) <= PART or not _has_long_line(lines):
            return [lines]
        pieces = []
        for line in re.findall(rb"[^\n]*\n", lines):
            while len(line) > PART:
                pieces.append(line[:PART])
                line = line[PART:]
            pieces.append(line)
        return pieces

    @property
    def rest(self) -> bytes:
        """The unfinished line."""
        return self._rest

    def finish(self) -> list[bytes]:
        """What is left when the stream ends."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []


def _has_long_line(lines: bytes) -> bool:
    """Whether a line exceeds PART: probes one line end per window instead of each line."""
    start, size = 0, len(lines)
    while size - start > PART:
        end = lines.rfind(b"\n", start, start + PART)
        if end < 0:
            return True
        start = end + 1
    return False
