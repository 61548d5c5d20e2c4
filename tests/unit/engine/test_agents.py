"""SSH agents of a session, whose client may say anything."""

import asyncio

from boxship.builder.buildkit import session as messages
from boxship.engine.buildkit import agents
from boxship.wire.grpc.client import OpenCall


class _Call(OpenCall):
    """Says *batches*, and takes what it is told."""

    def __init__(self, batches: list[list[bytes]]) -> None:
        self._batches = batches

    async def send(self, messages: object, end: bool = False) -> None:
        pass

    async def receive(self) -> list[bytes]:
        return self._batches.pop(0) if self._batches else []


def test_what_comes_in_many_little_messages_is_written_at_once() -> None:
    """Pieces of their own would cost time by the square of their number, if nobody reads them."""

    class Writer:
        def __init__(self) -> None:
            self.pieces: list[bytes] = []

        def write(self, data: bytes) -> None:
            self.pieces.append(data)

        async def drain(self) -> None:
            pass

    async def main() -> None:
        reader, writer = asyncio.StreamReader(), Writer()
        batch = [messages.BytesMessage(b"x").encode()] * 1000
        await agents._pump(_Call([batch, batch]), reader, writer)  # type: ignore[arg-type]
        assert writer.pieces == [b"x" * 1000] * 2

    asyncio.run(main())
