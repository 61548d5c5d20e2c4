"""``containerd.services.content.v1.Content``, to be read: blobs that build records speak of."""

import asyncio
import json
from typing import BinaryIO

from boxship.base.errors import InvalidParameter
from boxship.builder.buildkit import content as messages
from boxship.builder.buildkit.control import Empty, timestamp
from boxship.builder.usage import Holds, matcher
from boxship.engine.buildkit.history import Blob, History
from boxship.wire.grpc.server import Call, Method, unary
from boxship.wire.grpc.status import Code, GrpcError

_PIECE = 1 << 20
_BATCH = 100


class Content:
    def __init__(self, history: History) -> None:
        self._history = history

    def methods(self) -> dict[str, Method]:
        """By path. What would change something is refused as BuildKit refuses it: after a look at
        what it is about."""
        found: dict[str, Method] = {
            "Info": unary(messages.InfoRequest, self._info),
            "List": self._list,
            "Read": self._read,
            "Status": unary(messages.StatusRequest, self._status),
            "ListStatuses": unary(messages.ListRequest, self._statuses),
            "Update": unary(messages.UpdateRequest, self._update),
            "Delete": unary(messages.InfoRequest, self._delete),
            "Write": self._write,
            "Abort": unary(messages.StatusRequest, self._abort),
        }
        return {messages.SERVICE + name: method for name, method in found.items()}

    async def _blob(self, digest: str) -> Blob:
        """One whose digest is well-formed."""
        found = await self._history.blobs(digest)
        if not found:
            raise GrpcError(Code.NOT_FOUND, f"content digest {digest}: not found")
        return found[0]

    async def _info(self, request: messages.InfoRequest, call: Call) -> messages.InfoResponse:
        _check(request.digest)
        return messages.InfoResponse(_info(await self._blob(request.digest)))

    async def _list(self, call: Call) -> None:
        request = await call.receive(messages.ListRequest) or messages.ListRequest()
        holds = _holds(request)
        found = await self._history.blobs()
        rows = [_info(one) for one in found if holds({"digest": one.digest, "size": str(one.size)})]
        call.start()
        for at in range(0, len(rows), _BATCH):
            await call.send(messages.ListResponse(rows[at : at + _BATCH]))

    async def _read(self, call: Call) -> None:
        request = await call.receive(messages.ReadRequest) or messages.ReadRequest()
        if flaw := messages.digest_flaw(request.digest):
            raise GrpcError(Code.INVALID_ARGUMENT, f"{request.digest[:200]}: {flaw}")
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
        ref = request.ref[:200]
        what = f"could not get status for ref {json.dumps(ref)}: reference {ref}: not found"
        raise GrpcError(Code.NOT_FOUND, what)

    async def _statuses(self, request: messages.ListRequest, call: Call) -> Empty:
        """Of what is being written: there is nothing."""
        _holds(request)
        return Empty()

    # what is refused

    async def _update(self, request: messages.UpdateRequest, call: Call) -> Empty:
        _check(request.info.digest if request.info is not None else "")
        raise _refused()

    async def _delete(self, request: messages.InfoRequest, call: Call) -> Empty:
        if flaw := messages.digest_flaw(request.digest):
            raise GrpcError(Code.INVALID_ARGUMENT, flaw)
        raise _refused()

    async def _write(self, call: Call) -> None:
        request = await call.receive(messages.WriteRequest) or messages.WriteRequest()
        if not request.ref:
            raise GrpcError(Code.INVALID_ARGUMENT, "first message must have a reference")
        raise _refused()

    async def _abort(self, request: messages.StatusRequest, call: Call) -> Empty:
        raise _refused()


def _check(digest: str) -> None:
    if messages.digest_flaw(digest):
        raise GrpcError(Code.INVALID_ARGUMENT, f"{json.dumps(digest[:200])} failed validation")


def _holds(request: messages.ListRequest) -> Holds:
    try:
        return matcher(request.filters)
    except InvalidParameter as error:
        raise GrpcError(Code.INVALID_ARGUMENT, str(error)) from None


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


def _refused() -> GrpcError:
    return GrpcError(Code.UNKNOWN, "read-only content store")
