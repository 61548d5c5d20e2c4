"""A hub in a process of its own, filled with accounts, and a small client of its protocol."""

import asyncio
import base64
import fcntl
import hashlib
import http.client
import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from boxship.hub.auth.passwords import hash_password
from boxship.hub.hub import Hub, open_hub
from boxship.hub.serving import serve
from boxship.hub.settings import Settings
from boxship.hub.storage.records import Right, User
from support import api
from support.requirements import require_tool
from support.terminals import PROGRAM

T = TypeVar("T")
PASSWORD = "open sesame"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
_SECONDS = 30.0


class Answer(api.Answer):
    """The names of its headers are in lower case."""

    @property
    def code(self) -> str:
        """The protocol's error code."""
        return str(self.json["errors"][0]["code"])


class RunningHub:
    """Owns its process and its listening socket, which stays through restarts."""

    def __init__(self, root: Path, *flags: str, prefix: Sequence[str] = ()) -> None:
        """*prefix* is a program, with arguments, that executes the hub."""
        self.root = root
        self.flags = flags if "--processes" in flags else ("--processes", "1", *flags)
        self.prefix = prefix
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None
        self.machine_tokens: dict[str, str] = {}

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Returns when the hub listens. The socket is handed over as a service manager does."""
        reader, low = os.pipe()
        writer = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, 10)  # sockets are handed over as 3
        os.close(low)
        hub = [sys.executable, "-P", "-m", "boxship.hub", "serve", "--root", str(self.root)]
        flags = ["--listen", "fd://", "--ready-fd", str(writer), *self.flags]
        script = 'exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
        with open(self.root.parent / "hub.log", "ab") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", script, "sh", *self.prefix, *hub, *flags],
                pass_fds=[writer],
                stdin=self.listener.fileno(),
                stdout=log,
                stderr=log,
            )
        os.close(writer)
        with open(reader, "rb") as pipe:
            assert pipe.read(1) == b"1", self.log()

    def log(self) -> str:
        return (self.root.parent / "hub.log").read_text(errors="replace")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Signal the process and wait for its end."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(20)
            self.process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def close(self) -> None:
        self.stop()
        self.listener.close()

    def command(self, *words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """``boxship hub …`` with this hub's root."""
        return subprocess.run(
            [*PROGRAM, "hub", *words, "--root", str(self.root)],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def inside(self, work: Callable[[Hub], Awaitable[T]]) -> T:
        """The result of *work* on the stores, beside the process that serves them."""

        async def run() -> T:
            hub = open_hub(Settings(root=self.root))
            try:
                return await work(hub)
            finally:
                hub.metadata.close()

        # In a thread of its own: a browser's driver keeps a loop in the caller's.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: asyncio.run(run())).result()

    def add_user(self, name: str, *, admin: bool = False) -> None:
        """A user with :data:`PASSWORD`, and a token for machines that is checked faster."""

        async def work(hub: Hub) -> str:
            await hub.metadata.add_user(User(name, hash_password(PASSWORD), admin, time.time()))
            return await hub.logins.issue(name, "machine", "tests", Right.DELETE, 0)

        self.machine_tokens[name] = self.inside(work)

    def client(self, user: str | None = None) -> "HubClient":
        return HubClient(self, user, self.machine_tokens.get(user or "", PASSWORD))


class ForkedHub(RunningHub):
    """A hub that is back at once after its death: a process that has all modules forks it."""

    def start(self) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["boxship.hub.serving"])
        settings = Settings(root=self.root, collect_every=0.05)
        self.child = context.Process(target=serve, args=(settings, [self.listener], None))
        self.child.start()
        HubClient(self, None, "").once("GET", "/v2/")

    @property
    def pid(self) -> int:
        assert self.child.pid is not None
        return self.child.pid

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.child.is_alive():
            os.kill(self.pid, number)
        self.child.join(20)


@contextmanager
def running_hub(
    directory: Path,
    *flags: str,
    users: Sequence[str] = ("alice", "bob"),
    access_log: bool = True,
) -> Iterator[RunningHub]:
    """A hub over ``directory/hub`` that serves until the end of the block."""
    logs = ["--access-log"] if access_log else []
    hub = RunningHub(directory / "hub", *logs, *flags)
    for name in users:
        hub.add_user(name)
    hub.start()
    try:
        yield hub
    finally:
        hub.close()


@contextmanager
def hub_beside(pid: int, root: Path, port: int = 5000) -> Iterator[str]:
    """One more process over *root*, in the network namespace of *pid*; its address there."""
    require_tool("nsenter")
    address = f"127.0.0.1:{port}"
    hub = RunningHub(root, "--listen", address, prefix=["nsenter", "-t", str(pid), "-n"])
    hub.start()
    try:
        yield address
    finally:
        hub.close()


@dataclass
class HubClient:
    """One kept connection. It answers challenges with the user's name and *password*."""

    hub: RunningHub
    user: str | None
    password: str
    tokens: dict[str, str] = field(default_factory=dict)
    connection: http.client.HTTPConnection | None = None
    again: bool = True
    """Send once more what a closed connection has swallowed."""

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """The answer; to a challenge the request is sent once more, with a token."""
        scope = self.kind_of(method, path)
        sent = dict(headers or {})
        if scope in self.tokens:
            sent["Authorization"] = f"Bearer {self.tokens[scope]}"
        answer = self.once(method, path, body, sent)
        challenge = answer.headers.get("www-authenticate", "")
        if answer.status != 401 or not challenge or self.user is None:
            return answer
        self.tokens[scope] = self.token(dict(re.findall(r'(\w+)="([^"]*)"', challenge)))
        sent["Authorization"] = f"Bearer {self.tokens[scope]}"
        return self.once(method, path, body, sent)

    def kind_of(self, method: str, path: str) -> str:
        """Requests of one kind get along with one token."""
        name = re.sub(r"/(blobs|manifests|tags|referrers)/.*", "", path)
        kind = {"GET": "read", "HEAD": "read", "DELETE": "delete"}
        return f"{kind.get(method, 'write')} {name}"

    def token(self, challenge: dict[str, str]) -> str:
        query = {name: challenge[name] for name in ("service", "scope") if name in challenge}
        basic = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        answer = self.once(
            "GET", f"/token?{urlencode(query)}", headers={"Authorization": f"Basic {basic}"}
        )
        assert answer.status == 200, answer
        return str(answer.json["token"])

    def once(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send it as it is. A kept connection that the hub has closed is opened again."""
        for last in (False, True):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(
                    "127.0.0.1", self.hub.port, timeout=_SECONDS
                )
            try:
                self.connection.request(method, path, body, headers or {})
                found = self.connection.getresponse()
                data = found.read()
                break
            except (http.client.RemoteDisconnected, ConnectionError):
                self.close()
                if last or not self.again:
                    raise
        names = {name.lower(): value for name, value in found.headers.items()}
        if found.will_close:
            self.close()
        return Answer(found.status, names, data)

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def begin(self, name: str) -> str:
        """The location of a new upload."""
        answer = self.ask("POST", f"/v2/{name}/blobs/uploads/")
        assert answer.status == 202, answer
        return answer.headers["location"]

    def push_blob(self, name: str, data: bytes, algorithm: str = "sha256") -> str:
        digest = digest_of(data, algorithm)
        answer = self.ask("PUT", f"{self.begin(name)}?digest={digest}", data)
        assert answer.status == 201, answer
        return digest

    def push_manifest(self, name: str, reference: str, document: dict[str, Any]) -> str:
        """Its digest."""
        content = json.dumps(document).encode()
        kind = {"Content-Type": document["mediaType"]}
        answer = self.ask("PUT", f"/v2/{name}/manifests/{reference}", content, kind)
        assert answer.status == 201, answer
        return answer.headers["docker-content-digest"]

    def push_image(self, name: str, tag: str, *layers: bytes, **extra: Any) -> str:
        """An image of *layers* with the fields *extra* in its manifest; the digest of that."""
        config = self.push_blob(name, b'{"architecture":"amd64","os":"linux"}')
        for layer in layers:
            self.push_blob(name, layer)
        return self.push_manifest(name, tag, image_manifest(config, *layers, **extra))


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def image_manifest(config: str, *layers: bytes, **extra: Any) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": config, "size": 37},
        "layers": [
            {"mediaType": OCI_LAYER, "digest": digest_of(layer), "size": len(layer)}
            for layer in layers
        ],
        **extra,
    }
