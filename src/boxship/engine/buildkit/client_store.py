"""A store of blobs at the client: a directory of its own that it offers during a session."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from boxship.builder.buildkit import content as messages
from boxship.engine.buildkit.handed_over import HandedOver
from boxship.engine.buildkit.handed_store import HandedStore
from boxship.engine.buildkit.sessions import Client, Session
from boxship.oci.layout import Descriptor
from boxship.wire.grpc.client import OpenCall
from boxship.wire.grpc.status import Code, GrpcError
from boxship.wire.protobuf import DecodeError

_PIECE = 1 << 20
_MOST_DOCUMENT = 8 << 20


class ClientStore:
    """The store that the client of *session* calls *name*. Methods raise GrpcError."""

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self._name = name

    def _start(self, path: str) -> OpenCall:
        return self._session.start(path, {messages.STORE: [self._name]})

    async def has(self, digest: str) -> bool:
        call = self._start(messages.INFO)
        try:
            await call.send([messages.InfoRequest(digest).encode()], end=True)
            while await call.receive():
                pass
            return True
        except GrpcError as error:
            if error.status.code == Code.NOT_FOUND:
                return False
            raise
        finally:
            call.close()

    async def read(self, blob: Descriptor) -> AsyncIterator[bytes]:
        """The bytes of *blob*, as many as it has; whether they are right is for others to check."""
        call = self._start(messages.READ)
        left = blob.size
        try:
            await call.send([messages.ReadRequest(blob.digest).encode()], end=True)
            while batch := await call.receive():
                for one in batch:
                    data = messages.ReadResponse.decode(one).data
                    left -= len(data)
                    if left < 0:
                        raise GrpcError(Code.UNKNOWN, f"{blob.digest} is larger than announced")
                    yield data
            if left:
                raise GrpcError(Code.UNKNOWN, f"{blob.digest} is smaller than announced")
        except DecodeError as error:
            raise GrpcError(Code.UNKNOWN, f"the client is not understood: {error}") from None
        finally:
            call.close()

    async def document(self, digest: str) -> bytes:
        """A small blob, verified."""
        call = self._start(messages.READ)
        data = bytearray()
        try:
            await call.send([messages.ReadRequest(digest).encode()], end=True)
            while batch := await call.receive():
                for one in batch:
                    data += messages.ReadResponse.decode(one).data
                if len(data) > _MOST_DOCUMENT:
                    raise GrpcError(Code.UNKNOWN, f"{digest} exceeds {_MOST_DOCUMENT} bytes")
        except DecodeError as error:
            raise GrpcError(Code.UNKNOWN, f"the client is not understood: {error}") from None
        finally:
            call.close()
        if digest != f"sha256:{hashlib.sha256(data).hexdigest()}":
            raise GrpcError(Code.UNKNOWN, f"{digest} has another content")
        return bytes(data)

    async def put(self, digest: str, data: bytes) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield data

        await self._write(digest, len(data), pieces(), lambda count: None)

    async def put_file(
        self, blob: Descriptor, path: Path, tell: Callable[[int], None] = lambda count: None
    ) -> None:
        """*tell* gets the bytes that have been sent so far."""

        async def pieces() -> AsyncIterator[bytes]:
            with await asyncio.to_thread(open, path, "rb", 0) as file:
                while piece := await asyncio.to_thread(file.read, _PIECE):
                    yield piece

        await self._write(blob.digest, blob.size, pieces(), tell)

    async def _write(
        self, digest: str, size: int, pieces: AsyncIterator[bytes], tell: Callable[[int], None]
    ) -> None:
        if await self.has(digest):
            return
        call = self._start(messages.WRITE)
        offset = 0
        head = messages.WriteRequest(ref=f"boxship-{digest}", total=size, expected=digest)
        try:
            async for piece in pieces:
                head.action, head.offset, head.data = messages.APPEND, offset, piece
                await call.send([head.encode()])
                await _answered(call)
                offset += len(piece)
                tell(offset)
            head.action, head.offset, head.data = messages.COMMIT, offset, b""
            await call.send([head.encode()], end=True)
            await _answered(call)
        except GrpcError as error:
            if error.status.code != Code.ALREADY_EXISTS:
                raise
        finally:
            call.close()


Store = ClientStore | HandedStore


def store_of(client: Client, name: str) -> Store:
    """The store that *client* calls *name*. :class:`InvalidParameter` for one that is none."""
    if isinstance(client, HandedOver):
        return HandedStore(client.store(name), client.user)
    return ClientStore(client, name)


async def _answered(call: OpenCall) -> None:
    if not await call.receive():
        raise GrpcError(Code.UNKNOWN, "the client has closed the store")
