"""Build records and the blobs that they speak of, as clients of BuildKit's history ask for them."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from boxship.builder.buildkit import attachments, content, control, history
from boxship.wire.grpc import client
from boxship.wire.grpc.server import Call
from boxship.wire.grpc.status import Code, GrpcError, Status
from boxship.wire.http2.connection import Http2Connection
from boxship.wire.protobuf import Message
from support.buildkit_session import hijacked, send_files, session

Use = Callable[[Http2Connection], Awaitable[None]]
GOOD = b"FROM busybox\nARG HTTP_PROXY\nRUN echo said\n"
BAD = b"FROM busybox\nRUN false\n"


class Builder:
    """A client's connection, and builds through it."""

    def __init__(self, path: str, connection: Http2Connection) -> None:
        self._path = path
        self.connection = connection

    async def solve(self, text: bytes, *exporters: control.Exporter, **attrs: str) -> str:
        """The reference of a build that has ended, well or not."""

        async def sync(call: Call) -> None:
            is_file = call.metadata["dir-name"] == "dockerfile"
            await send_files(call, {"Dockerfile": text} if is_file else {})

        ref = secrets.token_hex(8)
        async with session(self._path, sync) as name:
            request = control.SolveRequest(
                ref, session=name, frontend="dockerfile.v0", frontend_attrs=attrs
            )
            request.exporters = [*exporters]
            try:
                await self.ask(control.SERVICE + "Solve", request, control.SolveResponse)
            except GrpcError as error:
                assert error.status.code == Code.UNKNOWN
        return ref

    async def ask(self, path: str, request: Message, kind: Any) -> Any:
        return await client.unary(self.connection, path, request, kind)

    async def many(self, path: str, request: Message, kind: Any) -> list[Any]:
        call, found = client.start(self.connection, path), list[bytes]()
        try:
            await call.send([request.encode()], end=True)
            while batch := await call.receive():
                found += batch
        finally:
            call.close()
        return [kind.decode(one) for one in found]

    async def history(self, **words: Any) -> list[Any]:
        request = history.HistoryRequest(early_exit=True, **words)
        path = control.SERVICE + "ListenBuildHistory"
        return await self.many(path, request, history.HistoryEvent)

    async def record(self, ref: str) -> Any:
        (event,) = await self.history(ref=ref)
        assert event.type == history.COMPLETE
        return event.record

    async def update(self, ref: str, **words: bool) -> None:
        request = history.UpdateHistoryRequest(ref, **words)
        await self.ask(control.SERVICE + "UpdateBuildHistory", request, control.Empty)

    async def blob(self, descriptor: Any) -> bytes:
        request = content.InfoRequest(descriptor.digest)
        found = await self.ask(content.INFO, request, content.InfoResponse)
        assert found.info.size == descriptor.size
        assert found.info.committed_at.seconds > 0
        read = content.ReadRequest(descriptor.digest)
        return b"".join(
            one.data for one in await self.many(content.READ, read, content.ReadResponse)
        )


@pytest.fixture
def run(boxship_socket: str) -> Callable[[Callable[[Builder], Awaitable[None]]], None]:
    async def main(use: Callable[[Builder], Awaitable[None]]) -> None:
        sock = await hijacked(boxship_socket, "/grpc", ())
        connection = Http2Connection()
        await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, sock)
        try:
            async with asyncio.timeout(60):
                await use(Builder(boxship_socket, connection))
        finally:
            connection.close()

    return lambda use: asyncio.run(main(use))


Run = Callable[[Callable[[Builder], Awaitable[None]]], None]


def _statuses(log: bytes) -> list[control.StatusResponse]:
    """The messages of a kept log, each of which stands behind its length."""
    found = []
    while log:
        end = attachments.LENGTH + int.from_bytes(log[: attachments.LENGTH], "little")
        found.append(control.StatusResponse.decode(log[attachments.LENGTH : end]))
        log = log[end:]
    return found


@pytest.mark.usefixtures("boxship_daemon")
def test_a_build_leaves_a_record_with_everything_that_can_be_read(run: Run) -> None:
    async def use(builder: Builder) -> None:
        exporter = control.Exporter("image", {"name": "remembered"})
        proxy = {"build-arg:HTTP_PROXY": "http://user:word@proxy"}
        ref = await builder.solve(GOOD, exporter, **proxy)
        record = await builder.record(ref)
        assert record.status == "completed" and record.total_steps == record.completed_steps > 2
        assert "word" not in str(record)
        path = control.SERVICE + "Status"
        events = await builder.many(path, control.StatusRequest(ref), control.StatusResponse)
        assert b"said" in b"".join(log.msg for event in events for log in event.logs)
        kept = _statuses(await builder.blob(record.logs))
        assert [*control.merged(kept)] == [*control.merged(events)]
        assert b'"Name": "build"' in await builder.blob(record.trace)
        (statement,) = record.result.attestations
        materials = json.loads(await builder.blob(statement))["materials"]
        assert [one["uri"].partition("?")[0] for one in materials] == ["pkg:docker/busybox@latest"]
        image = json.loads(await builder.blob(record.result.results[0]))
        assert image["os"] == "linux"

    run(use)


@pytest.mark.usefixtures("boxship_daemon")
def test_a_build_that_failed_says_where(run: Run) -> None:
    async def use(builder: Builder) -> None:
        record = await builder.record(await builder.solve(BAD))
        assert record.status == "error" and record.result is None
        status = Status.decode(await builder.blob(record.external_error))
        assert "exit code: 1" in status.message
        kinds = [detail.type_url for detail in status.details]
        assert "github.com/moby/buildkit/errdefs.Source+json" in kinds

    run(use)


@pytest.mark.usefixtures("boxship_daemon")
def test_blobs_are_read_in_parts_and_not_changed(run: Run) -> None:
    async def use(builder: Builder) -> None:
        record = await builder.record(await builder.solve(BAD))
        digest, whole = record.logs.digest, await builder.blob(record.logs)

        async def part(offset: int, size: int) -> list[Any]:
            request = content.ReadRequest(digest, offset, size)
            return await builder.many(content.READ, request, content.ReadResponse)

        assert [(one.offset, one.data) for one in await part(5, 3)] == [(5, whole[5:8])]
        assert b"".join(one.data for one in await part(5, 1 << 40)) == whole[5:]
        assert b"".join(one.data for one in await part(-9, 0)) == whole
        assert await part(len(whole), 0) == []
        with pytest.raises(GrpcError, match="read past object length") as caught:
            await part(len(whole) + 1, 1)
        assert caught.value.status.code == Code.OUT_OF_RANGE

        path = content.SERVICE + "List"
        listed = await builder.many(path, content.ListRequest(), content.ListResponse)
        assert digest in [info.digest for one in listed for info in one.info]
        request = content.ListRequest([f"digest=={digest}"])
        (one,) = await builder.many(path, request, content.ListResponse)
        assert [info.size for info in one.info] == [len(whole)]
        known = content.Info(digest)
        for name, asked in (
            ("Update", content.UpdateRequest(known)),
            ("Delete", content.InfoRequest(digest)),
            ("Write", content.WriteRequest(content.APPEND, "new", data=b"x")),
            ("Abort", content.StatusRequest("new")),
        ):
            with pytest.raises(GrpcError, match="read-only content store"):
                await builder.ask(content.SERVICE + name, asked, control.Empty)
        await builder.ask(content.SERVICE + "ListStatuses", control.Empty(), control.Empty)

    run(use)


@pytest.mark.parametrize(
    ("method", "asked", "message"),
    [
        ("Info", content.InfoRequest("x"), '"x" failed validation'),
        ("Info", content.InfoRequest("md5:00"), '"md5:00" failed validation'),
        ("Update", content.UpdateRequest(content.Info("x")), '"x" failed validation'),
        ("Update", content.UpdateRequest(), '"" failed validation'),
        ("Delete", content.InfoRequest(""), "invalid checksum digest format"),
        ("Delete", content.InfoRequest("sha256:00"), "invalid checksum digest length"),
        ("Delete", content.InfoRequest("sha256:" + "A" * 64), "invalid checksum digest format"),
        ("Delete", content.InfoRequest("md5:" + "0" * 32), "unsupported digest algorithm"),
        ("Read", content.ReadRequest("sha256:00"), "sha256:00: invalid checksum digest length"),
        ("Read", content.ReadRequest("x y:0"), "x y:0: invalid checksum digest format"),
        ("Write", content.WriteRequest(), "first message must have a reference"),
        ("ListStatuses", content.ListRequest(["=="]), "failed to parse filter '=='"),
    ],
)
def test_what_cannot_be_asked_is_said_in_the_words_of_containerd(
    run: Run, method: str, asked: Message, message: str
) -> None:
    async def use(builder: Builder) -> None:
        with pytest.raises(GrpcError) as caught:
            await builder.many(content.SERVICE + method, asked, control.Empty)
        assert caught.value.status == Status(Code.INVALID_ARGUMENT, message)

    run(use)


@pytest.mark.parametrize(
    ("digest", "code"),
    [
        ("sha384:" + "0" * 96, Code.NOT_FOUND),
        ("sha256:" + "0" * 64, Code.NOT_FOUND),
        ("../../boxship.db", Code.INVALID_ARGUMENT),
        ("sha256:../../../boxship.db", Code.INVALID_ARGUMENT),
        ("", Code.INVALID_ARGUMENT),
        ("sha512:" + "0" * 128, Code.NOT_FOUND),
    ],
)
def test_only_blobs_of_records_are_there(run: Run, digest: str, code: Code) -> None:
    async def use(builder: Builder) -> None:
        for path, kind in ((content.INFO, content.InfoResponse), (content.READ, None)):
            with pytest.raises(GrpcError) as caught:
                await builder.many(path, content.ReadRequest(digest), kind)
            assert caught.value.status.code == code

    run(use)


@pytest.mark.usefixtures("boxship_daemon")
def test_records_are_followed_pinned_and_deleted(run: Run) -> None:
    async def use(builder: Builder) -> None:
        call = client.start(builder.connection, control.SERVICE + "ListenBuildHistory")
        await call.send([history.HistoryRequest(active_only=True).encode()], end=True)
        news: list[Any] = []

        async def follow(ref: str, until: int) -> list[int]:
            """What happens to *ref*; others come and go as well."""
            while until not in (found := [one.type for one in news if one.record.ref == ref]):
                news.extend(map(history.HistoryEvent.decode, await call.receive()))
            return found

        first = await builder.solve(BAD)
        assert await follow(first, history.COMPLETE) == [history.STARTED, history.COMPLETE]
        await builder.update(first, pinned=True)
        record = await builder.record(first)
        assert record.pinned and record.generation == 2
        await builder.update(first, finalize=True)
        await builder.update(first, delete=True)
        await follow(first, history.DELETED)
        assert await builder.history(ref=first) == []
        with pytest.raises(GrpcError) as caught:
            await builder.blob(record.logs)
        assert caught.value.status.code == Code.NOT_FOUND
        call.close()

        refs = [await builder.solve(BAD) for _ in range(2)]
        newest = await builder.history(limit=1)
        assert [one.record.ref for one in newest] == refs[1:]
        failed = await builder.history(filter=[f"status==error,ref=={refs[0]}"])
        assert [one.record.ref for one in failed] == refs[:1]
        with pytest.raises(GrpcError, match="failed to parse filter"):
            await builder.history(filter=["==="])

    run(use)
