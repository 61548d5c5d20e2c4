"""A registry that does as a test tells it: lies, stalls, breaks off, asks for tokens."""

import asyncio
import gzip
import hashlib
import io
import json
import ssl
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_TLS_HANDSHAKE = b"\x16"


@dataclass
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass
class Reply:
    """*length* is what Content-Length says, by default the truth; None leaves it out. *cut* ends
    the connection after so many bytes of the body; *stall* then keeps it open instead; *endless*
    repeats the body for ever; *slow* sends it byte by byte, an endless one as it is, with so many
    seconds between."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    length: int | None = -1
    cut: int | None = None
    stall: bool = False
    endless: bool = False
    slow: float = 0.0


Answering = Callable[[Asked], Reply | Awaitable[Reply]]


class FakeRegistry:
    """``routes`` by path; ``asked`` is everything that was asked, in order."""

    def __init__(self) -> None:
        self.routes: dict[str, Answering] = {}
        self.asked: list[Asked] = []
        self.connections = 0
        self.port = 0
        self.scheme = "http"
        # Bytes of the bodies of the next uploads after which the connection is cut.
        self.cuts: list[int] = []
        self.cut_off: Callable[[Asked], None] = lambda asked: None
        self.gate: Callable[[Asked], Reply | None] = lambda asked: None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def base(self) -> str:
        return f"{self.scheme}://{self.host}"

    def serve(self, path: str, reply: Reply) -> None:
        self.routes[path] = lambda asked: reply

    def blob(self, name: str, data: bytes, **reply: Any) -> dict[str, Any]:
        """Serve *data*, ranges included, and return its descriptor without media type."""
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.routes[f"/v2/{name}/blobs/{digest}"] = lambda asked: ranged(asked, data, **reply)
        return {"digest": digest, "size": len(data)}

    def image(self, name: str, tag: str, layers: list[bytes]) -> dict[str, Any]:
        """Serve an image of uncompressed archives *layers*; returns its manifest, to be spoiled."""
        diff_ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {"Cmd": ["true"]},
                "rootfs": {"type": "layers", "diff_ids": diff_ids},
            }
        ).encode()
        packed = [gzip.compress(layer, 1, mtime=0) for layer in layers]
        manifest = {
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST,
            "config": {"mediaType": DOCKER_CONFIG, **self.blob(name, config)},
            "layers": [{"mediaType": DOCKER_LAYER, **self.blob(name, one)} for one in packed],
        }
        self.manifest(name, tag, manifest)
        return manifest

    def manifest(self, name: str, tag: str, document: Any, media_type: str = "") -> str:
        """Serve a manifest by tag and digest; returns the digest."""
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        if not media_type and isinstance(document, dict):
            media_type = document.get("mediaType", "")
        reply = Reply(headers={"Content-Type": media_type or DOCKER_MANIFEST}, body=data)
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        for reference in (tag, digest):
            self.serve(f"/v2/{name}/manifests/{reference}", reply)
        return digest

    async def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        barred = self.gate(asked)
        if barred is not None:
            return barred
        if asked.path == "/v2/":
            return Reply(body=b"{}")
        route = self.routes.get(asked.path)
        if route is None:
            unknown = [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]
            return Reply(404, body=json.dumps({"errors": unknown}).encode())
        found = route(asked)
        return found if isinstance(found, Reply) else await found


def ranged(asked: Asked, data: bytes, **reply: Any) -> Reply:
    wanted = asked.headers.get("range", "")
    if not wanted:
        return Reply(body=data, **reply)
    start = int(wanted.removeprefix("bytes=").partition("-")[0])
    if start >= len(data):
        return Reply(416)
    headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
    return Reply(206, headers, data[start:], **reply)


def archive(files: dict[str, bytes]) -> bytes:
    """An uncompressed layer."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


@asynccontextmanager
async def running(tls: ssl.SSLContext | None = None) -> AsyncIterator[FakeRegistry]:
    """A registry on a loopback port of its own."""
    registry = FakeRegistry()
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        registry.connections += 1
        try:
            while await _exchange(registry, reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    registry.port = server.sockets[0].getsockname()[1]
    registry.scheme = "https" if tls else "http"
    try:
        yield registry
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _exchange(
    registry: FakeRegistry, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    first = await reader.readexactly(1)
    if first == _TLS_HANDSHAKE:
        return False
    head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *fields = head.strip().split("\r\n")
    method, target, _ = line.split(" ")
    headers = {}
    for one in fields:
        key, _, value = one.partition(":")
        headers[key.lower()] = value.strip()
    cut = registry.cuts.pop(0) if registry.cuts and method == "PATCH" else None
    body = await _sent(reader, headers, cut)
    if cut is not None:
        registry.cut_off(Asked(method, target, headers, body))
        return False
    reply = await registry.answer(Asked(method, target, headers, body))
    out = [f"HTTP/1.1 {reply.status} x"]
    length = len(reply.body) if reply.length == -1 else reply.length
    if length is not None:
        out.append(f"Content-Length: {length}")
    out += [f"{key}: {value}" for key, value in reply.headers.items()]
    writer.write("\r\n".join([*out, "", ""]).encode("latin-1"))
    return await _body(reply, method, reader, writer)


async def _sent(reader: asyncio.StreamReader, headers: dict[str, str], most: int | None) -> bytes:
    """A request's body, or its first *most* bytes."""
    if headers.get("transfer-encoding") != "chunked":
        length = int(headers.get("content-length", "0"))
        return await reader.readexactly(length if most is None else min(most, length))
    body = b""
    while most is None or len(body) < most:
        size = int(await reader.readline(), 16)
        body += await reader.readexactly(size)
        await reader.readline()
        if not size:
            break
    return body[:most]


async def _body(
    reply: Reply, method: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    if method == "HEAD":
        return True
    drops = reply.body if reply.slow and not reply.endless else b""
    for byte in drops:
        writer.write(bytes([byte]))
        await asyncio.sleep(reply.slow)
    if not drops:
        writer.write(reply.body if reply.cut is None else reply.body[: reply.cut])
    await writer.drain()
    while reply.endless:
        writer.write(reply.body)
        await writer.drain()
        await asyncio.sleep(reply.slow)
    if reply.stall:
        await reader.read()
    if reply.cut is not None or reply.length is None:
        writer.write_eof() if writer.can_write_eof() else None
        return False
    return True
