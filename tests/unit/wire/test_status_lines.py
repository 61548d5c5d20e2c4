"""Status lines have Go's phrases, on every version of Python."""

import pytest

from boxship.wire.answer import head_bytes


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (101, "UPGRADED"),
        (200, "OK"),
        (400, "Bad Request"),
        (408, "Request Timeout"),
        (413, "Request Entity Too Large"),
        (414, "Request URI Too Long"),
        (416, "Requested Range Not Satisfiable"),
        (417, "Expectation Failed"),
        (422, "Unprocessable Entity"),
        (431, "Request Header Fields Too Large"),
        (501, "Not Implemented"),
        (505, "HTTP Version Not Supported"),
    ],
)
def test_a_status_line_has_the_phrase_of_its_status(status: int, phrase: str) -> None:
    assert head_bytes(status, (), dated=False) == f"HTTP/1.1 {status} {phrase}\r\n\r\n".encode()
