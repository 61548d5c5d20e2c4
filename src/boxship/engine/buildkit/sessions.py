"""Sessions: connections on which the client answers, for its files, secrets and credentials."""

import asyncio
import contextlib
import copy
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar
from urllib.parse import quote_plus

from boxship.base.errors import Internal
from boxship.builder.buildkit import session as messages
from boxship.engine.buildkit.handed_over import Definition, Directory, HandedOver
from boxship.registry.credentials import ANONYMOUS, Credentials
from boxship.wire.grpc import client
from boxship.wire.grpc.status import Code, GrpcError
from boxship.wire.hijack import HijackedConnection
from boxship.wire.http2.connection import Http2Connection
from boxship.wire.http2.stream import Headers
from boxship.wire.peer import Peer

# How long a build waits for the session that it was told of.
_PATIENCE = 5.0
#: What the headers that introduce a session begin with.
PREFIX = "x-docker-expose-session-"
_NAME = f"{PREFIX}uuid"
_HUB_HOST = "registry-1.docker.io"
_HUB = "docker.io"
_IDENTITY_TOKEN = "<token>"
P = TypeVar("P", bound=asyncio.Protocol)


class Session:
    """A client's. *shared_key* is the same for every build of the same directory; *owner* says
    who the client is."""

    def __init__(
        self, connection: Http2Connection, shared_key: str, methods: frozenset[str], owner: str
    ) -> None:
        self._connection = connection
        self._methods = methods
        self.shared_key = shared_key
        self.owner = owner
        self._output = 0

    @property
    def definition(self) -> Definition | None:
        """The Dockerfile, of clients that say it at once."""
        return None

    def directory(self, name: str) -> Directory | None:
        """A context that is not sent, of clients that hand it over."""
        return None

    def for_output(self, number: int) -> "Session":
        """The same client, whose output of that *number* takes what is sent."""
        other = copy.copy(self)
        other._output = number
        return other

    def offers(self, path: str) -> bool:
        return path.lower() in self._methods

    def start(self, path: str, values: Mapping[str, list[str]] | None = None) -> client.OpenCall:
        """Begin a call; GrpcError when the client does not know it, or has gone."""
        if path == messages.SEND:
            values = {messages.OUTPUT: [str(self._output)], **(values or {})}
        if not self.offers(path):
            raise GrpcError(Code.UNKNOWN, f"method {path} not supported by the client")
        return client.start(self._connection, path, _metadata(values or {}))

    async def credentials(self, domain: str) -> Credentials:
        """Return the client's credentials for a registry, or anonymous ones if it has none. A
        client is asked even if it announced no such method, as BuildKit does: dockerode announces
        none of its methods."""
        request = messages.CredentialsRequest(_HUB_HOST if domain == _HUB else domain)
        try:
            answer = await client.unary(
                self._connection, messages.CREDENTIALS, request, messages.CredentialsResponse
            )
        except GrpcError:
            return ANONYMOUS
        if not answer.secret:
            return ANONYMOUS
        if answer.username in ("", _IDENTITY_TOKEN):
            return Credentials(identity_token=answer.secret)
        return Credentials(username=answer.username, password=answer.secret)

    async def secret(self, name: str) -> bytes | None:
        """None when the client has none of that *name*."""
        request = messages.SecretRequest(name)
        try:
            answer = await client.unary(
                self._connection, messages.SECRET, request, messages.SecretResponse
            )
        except GrpcError as error:
            if error.status.code in (Code.NOT_FOUND, Code.UNIMPLEMENTED):
                return None
            raise
        return answer.data

    async def has_agent(self, name: str) -> bool:
        request = messages.AgentRequest(name)
        try:
            await client.unary(
                self._connection, messages.AGENT_CHECK, request, messages.BytesMessage
            )
        except GrpcError:
            return False
        return True


Client = Session | HandedOver


class Sessions:
    """Those that are open, by the client's ID for them."""

    def __init__(self) -> None:
        self._open: dict[str, Client] = {}
        self._names: set[str] = set()
        self._changed = asyncio.Event()

    def check_new(self, name: str) -> None:
        if name in self._names:
            raise Internal(f"session {name} already exists")

    async def serve(self, hijacked: HijackedConnection, headers: Mapping[str, list[str]]) -> None:
        """Keep the session until the client closes it. *headers* introduced it."""
        await self._serve(hijacked.peer, headers, hijacked.detach_socket)

    async def serve_socket(
        self, peer: Peer, headers: Mapping[str, list[str]], sock: socket.socket
    ) -> None:
        """The same over *sock*, which is the session's then. :class:`Internal` when there is
        such a session already."""
        self.check_new(_first(headers, _NAME))
        await self._serve(peer, headers, lambda: (sock, b""))

    async def _serve(
        self,
        peer: Peer,
        headers: Mapping[str, list[str]],
        take: Callable[[], tuple[socket.socket, bytes]],
    ) -> None:
        name = _first(headers, _NAME)
        self._names.add(name)
        try:
            await self._keep(name, peer, headers, *take())
        finally:
            self._names.discard(name)

    async def _keep(
        self,
        name: str,
        peer: Peer,
        headers: Mapping[str, list[str]],
        sock: socket.socket,
        received: bytes,
    ) -> None:
        methods = headers.get("x-docker-expose-session-grpc-method", [])
        owner = f"{peer.kind}:{peer.uid}:{peer.subject}"
        connection = await connect(sock, received, Http2Connection())
        self._open[name] = Session(
            connection,
            _first(headers, "x-docker-expose-session-sharedkey"),
            frozenset(method.lower() for method in methods),
            owner,
        )
        self._wake()
        try:
            await connection.closed
        finally:
            connection.close()
            self._open.pop(name, None)

    @contextlib.contextmanager
    def introduced(self, name: str, client: Client) -> Iterator[None]:
        """*client* is known as *name* while this lasts."""
        self._open[name] = client
        try:
            yield
        finally:
            del self._open[name]

    async def get(self, name: str) -> Client:
        """The session *name*, which may be about to open."""
        # A prefix tells apart builds that share one.
        name = name.partition(":")[2] or name
        try:
            async with asyncio.timeout(_PATIENCE):
                while name not in self._open:
                    await self._changed.wait()
        except TimeoutError:
            what = f"no active session for {name}: context deadline exceeded"
            raise GrpcError(Code.DEADLINE_EXCEEDED, what) from None
        return self._open[name]

    def _wake(self) -> None:
        event, self._changed = self._changed, asyncio.Event()
        event.set()


async def connect(sock: socket.socket, received: bytes, protocol: P) -> P:
    """Let *protocol* drive *sock*, of which *received* has been read already."""
    loop = asyncio.get_running_loop()
    sock.setblocking(False)
    await loop.connect_accepted_socket(lambda: protocol, sock)
    if received:
        protocol.data_received(received)
    return protocol


def _first(headers: Mapping[str, list[str]], name: str) -> str:
    return next(iter(headers.get(name, ())), "")


def _metadata(values: Mapping[str, list[str]]) -> Headers:
    """As BuildKit writes them: lists with anything but ASCII are escaped."""
    found: Headers = []
    for name, words in values.items():
        if all(word.isascii() and word.isprintable() for word in words):
            found += [(name, word) for word in words]
        else:
            escaped = [quote_plus(word.encode("utf-8", "surrogateescape")) for word in words]
            found += [(name, word) for word in escaped]
            found.append((f"{name}-encoded", "1"))
    return found
