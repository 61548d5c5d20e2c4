"""``containerd.services.content.v1.Content``, to be read: blobs that build records speak of."""

import asyncio
import json
from typing import BinaryIO

from boxship.base.digests import is_digest
from boxship.base.errors import InvalidParameter
from boxship.builder.buildkit import content as messages
from boxship.builder.buildkit.control import Empty, timestamp
from boxship.builder.usage import matcher
from boxship.engine.buildkit.history import Blob, History
from boxship.wire.grpc.server import Call, Method, unary
from boxship.wire.grpc.status import Code, GrpcError

_PIECE = 1 << 20
_BATCH = 100


class Content:
    def __init__(self, history: History) -> None:
        self._history = history

    def methods(self) -> dict[str, Method]:
        """By path. What would change something is refused as BuildKit refuses it."""
        found: dict[str, Method] = {
            "Info": unary(messages.InfoRequest, self._info),
            "List": self._list,
            "Read": self._read,
            "Status": unary(messages.StatusRequest, self._status),
            "ListStatuses": unary(Empty, self._statuses),
            **dict.fromkeys(("Update", "Delete", "Write", "Abort"), _refuse),
        }
        return {messages.SERVICE + name: method for name, method in found.items()}

    async def _blob(self, digest: str) -> Blob:
        if not is_digest(digest):
            raise GrpcError(Code.INVALID_ARGUMENT, f"{json.dumps(digest[:200])} failed validation")
        found = await self._history.blobs(digest)
        if not found:
            raise GrpcError(Code.NOT_FOUND, f"content digest {digest}: not found")
        return found[0]

    async def _info(self, request: messages.InfoRequest, call: Call) -> messages.InfoResponse:
        return messages.InfoResponse(_info(await self._blob(request.digest)))

    async def _list(self, call: Call) -> None:
        request = await call.receive(messages.ListRequest) or messages.ListRequest()
        try:
            holds = matcher(request.filters)
        except InvalidParameter as error:
            raise GrpcError(Code.INVALID_ARGUMENT, str(error)) from None
        found = await self._history.blobs()
        rows = [_info(one) for one in found if holds({"digest": one.digest, "size": str(one.size)})]
        call.start()
        for at in range(0, len(rows), _BATCH):
            await call.send(messages.ListResponse(rows[at : at + _BATCH]))

    async def _read(self, call: Call) -> None:
        request = await call.receive(messages.ReadRequest) or messages.ReadRequest()
        blob = await self._blob(request.digest)
        offset = max(0, request.offset)
        if offset > blob.size:
            raise GrpcError(Code.OUT_OF_RANGE, f"read past object length {blob.size} bytes")
        left = min(request.size if request.size > 0 else blob.size, blob.size - offset)
        try:
            file = await asyncio.to_thread(open, blob.path, "rb", 0)
        except FileNotFoundError:
            raise GrpcError(Code.NOT_FOUND, f"content digest {blob.digest}: not found") from None
        call.start()
        with file:
            await _send(call, file, offset, left)

    async def _status(self, request: messages.StatusRequest, call: Call) -> Empty:
        what = f"could not get status for ref {json.dumps(request.ref[:200])}: not found"
        raise GrpcError(Code.NOT_FOUND, what)

    async def _statuses(self, request: Empty, call: Call) -> Empty:
        """Of what is being written: there is nothing."""
        return Empty()


async def _send(call: Call, file: BinaryIO, offset: int, left: int) -> None:
    await asyncio.to_thread(file.seek, offset)
    while left:
        data = await asyncio.to_thread(file.read, min(left, _PIECE))
        if not data:
            raise GrpcError(Code.UNKNOWN, "the blob is shorter than it was")
        await call.send(messages.ReadResponse(offset, data))
        offset, left = offset + len(data), left - len(data)


def _info(blob: Blob) -> messages.Info:
    moment = timestamp(blob.created)
    return messages.Info(blob.digest, blob.size, moment, moment)


async def _refuse(call: Call) -> None:
    await call.receive(Empty)
    raise GrpcError(Code.UNKNOWN, "read-only content store")
