"""Content types and emptiness of JSON bodies; their content is tests/unit/types' concern."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from boxship.api.query import Query
from boxship.api.request import Request
from boxship.base.errors import InvalidParameter
from boxship.types.exec_config import ExecConfig
from boxship.wire.peer import Peer

EOF = r"^invalid JSON: got EOF while reading request body$"


class Body:
    def __init__(self, data: bytes, empty: bool) -> None:
        self.data, self.empty = data, empty

    async def read_all(self, limit: int) -> bytes:
        return self.data

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self.data


def read(
    data: bytes, content_type: str | None, *, required: bool = False, chunked: bool = False
) -> ExecConfig:
    async def run() -> ExecConfig:
        request = Request(
            method="POST",
            path="/x",
            query=Query(),
            headers={} if content_type is None else {"content-type": content_type},
            body=Body(data, empty=not data and not chunked),
            peer=Peer("unix"),
            disconnected=asyncio.get_running_loop().create_future(),
        )
        return await request.json(ExecConfig, required=required)

    return asyncio.run(run())


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", " application/json "]
)
def test_json_is_read(content_type: str) -> None:
    assert read(b'{"User":"u"}', content_type).user == "u"


@pytest.mark.parametrize("content_type", [None, "application/json"])
def test_no_body_is_the_default(content_type: str | None) -> None:
    assert read(b"", content_type) == ExecConfig()


def test_a_required_body_must_be_there() -> None:
    with pytest.raises(InvalidParameter, match=EOF):
        read(b"", None, required=True)
    with pytest.raises(InvalidParameter, match=EOF):
        read(b"", "application/json", chunked=True)


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        (None, "malformed Content-Type header (): mime: no media type"),
        (";;;", "malformed Content-Type header (;;;): mime: no media type"),
        (
            "text/plain",
            "unsupported Content-Type header (text/plain): must be 'application/json'",
        ),
    ],
)
def test_other_content_types_in_dockers_words(content_type: str | None, text: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        read(b"{}", content_type)
    assert str(error.value) == text
