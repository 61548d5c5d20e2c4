"""Any message to any method of BuildKit's services: an answer, and a daemon that is well."""

import asyncio
import dataclasses
import secrets
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxship.builder.buildkit import content, control, gateway, history
from boxship.wire.grpc import client
from boxship.wire.grpc.server import Call
from boxship.wire.grpc.status import GrpcError
from boxship.wire.http2.connection import Http2Connection
from boxship.wire.protobuf import Message
from support import engines
from support.api import Api
from support.buildkit_session import DOCKERFILE, hijacked, send_files, session

_WORDS = st.one_of(
    st.sampled_from(
        ["", "dockerfile.v0", "gateway.v0", "image", "local", "oci", "registry", "inline", "true",
         "-1", "9" * 40, "\0", "\udcff", "../../etc", "sha256:" + "0" * 64, "input:x", "===",
         "docker-image://busybox", "http://buildkit-session/../x", "linux/amd64,linux/arm64",
         "ref~=(((", "startedAt>1h", "duration<99999999h", "[" * 3000, '[{"Type":1}]', "a,b,c",
         '[{"Type":"registry","Attrs":{"ref":"[::1"}}]', "zstd", "nonsense", "x" * 400]
    ),
    st.text(max_size=12),
)  # fmt: skip
_KEYS = st.one_of(
    st.sampled_from(
        ["platform", "target", "filename", "context", "contextkey", "dockerfilekey", "name",
         "cache-imports", "cache-from", "no-cache", "add-hosts", "ulimit", "shm-size", "requestid",
         "hostname",
         "force-network-mode", "build-arg:SOURCE_DATE_EPOCH", "build-arg:BUILDKIT_SYNTAX", "mode",
         "build-arg:BUILDKIT_DOCKERFILE_CHECK", "context:x", "context:x::linux/arm64", "label:a",
         "cgroup-parent", "multi-platform", "image-resolve-mode", "source", "boxship.memory", "ref",
         "boxship.squash", "boxship.network", "boxship.security-opt", "push", "compression", "tar",
         "compression-level", "force-compression", "rewrite-timestamp", "oci-mediatypes"]
    ),
    st.text(max_size=5),
)  # fmt: skip
_PLAIN = {
    "string": _WORDS,
    "bytes": st.binary(max_size=30),
    "int": st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(0, 3),
    "bool": st.booleans(),
}


def _of_kind(kind: Any) -> st.SearchStrategy[Any]:
    if kind.name == "map":
        keys = _KEYS if kind.key.name == "string" else _of_kind(kind.key)
        return st.dictionaries(keys, _of_kind(kind.value), max_size=4)
    one = _messages(kind.message()) if kind.message else _PLAIN[kind.name]
    return st.lists(one, max_size=3) if kind.repeated else one


def _messages(kind: type[Message]) -> st.SearchStrategy[Any]:
    """Any of *kind*, with any of its fields."""
    fields = {name: _of_kind(each) for name, each in kind.table().values()}
    return st.fixed_dictionaries({}, optional=fields).map(lambda given: kind(**given))


_LISTEN = control.SERVICE + "ListenBuildHistory"
_METHODS: dict[str, type[Message]] = {
    control.SERVICE + "Info": control.Empty,
    control.SERVICE + "DiskUsage": control.DiskUsageRequest,
    control.SERVICE + "Prune": control.PruneRequest,
    control.SERVICE + "UpdateBuildHistory": history.UpdateHistoryRequest,
    control.SERVICE + "Session": control.Empty,
    gateway.SERVICE + "Solve": gateway.BridgeSolveRequest,
    gateway.SERVICE + "Warn": gateway.WarnRequest,
    gateway.SERVICE + "NewContainer": control.Empty,
    gateway.SERVICE + "ExecProcess": control.Empty,
    gateway.SERVICE + "ReadFile": control.Empty,
    content.SERVICE + "Info": content.InfoRequest,
    content.SERVICE + "List": content.ListRequest,
    content.SERVICE + "Read": content.ReadRequest,
    content.SERVICE + "Write": content.WriteRequest,
    "/no/Such": control.Empty,
    "none": control.Empty,
}
_CALLS = st.sampled_from(sorted(_METHODS)).flatmap(
    lambda path: st.tuples(
        st.just(path), _messages(_METHODS[path]) | st.binary(max_size=30), st.booleans()
    )
) | _messages(history.HistoryRequest).map(
    # Without that it would go on.
    lambda asked: (_LISTEN, dataclasses.replace(asked, early_exit=True), True)
)
_BOUNDED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_DRIVEN = secrets.token_hex(8)


class _Clients:
    """Connections to a daemon in a loop of their own, one after the other."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._open: Http2Connection | None = None

    def run(self, use: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        async def bounded() -> Any:
            async with asyncio.timeout(60):
                return await use()

        return asyncio.run_coroutine_threadsafe(bounded(), self._loop).result()

    async def connection(self) -> Http2Connection:
        if self._open is None or self._open.closed.done():
            self._open = Http2Connection()
            sock = await hijacked(self._path, "/grpc", ())
            await self._loop.connect_accepted_socket(lambda: self._open, sock)
        return self._open

    def close(self) -> None:
        if self._open is not None:
            self._loop.call_soon_threadsafe(self._open.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def clients(boxship_daemon: engines.Engine) -> Iterator[_Clients]:
    found = _Clients(str(boxship_daemon.socket))
    yield found
    found.close()


async def _call(connection: Http2Connection, path: str, data: bytes, ends: bool) -> None:
    """GrpcError, but never one that says that we did not expect it."""
    mine = [("buildkit-controlapi-buildid", _DRIVEN)]
    call = client.start(connection, path, mine)
    try:
        await call.send([data], end=ends)
        while await call.receive():
            pass
    except GrpcError as error:
        assert "internal error" not in error.status.message
    finally:
        call.close()


async def _files(call: Call) -> None:
    is_file = call.metadata["dir-name"] == "dockerfile"
    await send_files(call, {"Dockerfile": DOCKERFILE} if is_file else {"a": b"1"})


@_BOUNDED
@given(call=_CALLS)
def test_any_message_is_answered(
    clients: _Clients, api: Api, call: tuple[str, Message | bytes, bool]
) -> None:
    path, said, ends = call

    async def use() -> None:
        connection = await clients.connection()
        data = said if isinstance(said, bytes) else said.encode()
        async with session(clients._path, _files) as name:
            request = control.SolveRequest(_DRIVEN, session=name, internal=True)
            driving = asyncio.ensure_future(
                client.unary(connection, control.SERVICE + "Solve", request, control.SolveResponse)
            )
            await _call(connection, gateway.SERVICE + "Ping", b"", True)
            await _call(connection, path, data, ends)
            driving.cancel()
            await asyncio.gather(driving, return_exceptions=True)

    clients.run(use)
    assert api("GET", "/_ping").status == 200


@_BOUNDED
@given(request=_messages(control.SolveRequest))
def test_any_build_ends(clients: _Clients, api: Api, request: control.SolveRequest) -> None:
    request.ref = request.ref and secrets.token_hex(8)
    request.frontend = request.frontend or "dockerfile.v0"

    async def use() -> None:
        connection = await clients.connection()
        async with session(clients._path, _files) as name:
            request.session = name
            await _call(connection, control.SERVICE + "Solve", request.encode(), True)

    clients.run(use)
    assert api("GET", "/_ping").status == 200
