"""Starting containers, and keeping hold of those that run."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from boxship.runtime.channel import Channel, Event, ShimError
from boxship.runtime.plan import Plan
from boxship.runtime.spawner import SpawnerProcess
from boxship.sandbox import messages

T = TypeVar("T")
# Seconds that a shim may take to unmount, on a disk that is busy.
_LEAVING = 10.0


@dataclass(slots=True)
class StartRequest:
    """What a shim gets besides the plan. *clients*: sockets (duplicated) and their specs.

    *images*: rootfs specs of images that are mounted somewhere below the root. *gate*: for a gated
    plan, a descriptor (duplicated) that gives a byte when the network is there.
    """

    id: str
    plan: Plan
    rootfs: dict[str, Any]
    stdio: dict[str, Any]
    log: dict[str, Any]
    filter_program: bytes | None
    clients: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    kill_at: str = ""
    images: list[dict[str, Any]] = field(default_factory=list)
    gate: int | None = None


@dataclass(slots=True)
class Exit:
    """*at*: nanoseconds since the epoch."""

    code: int
    oom: bool
    at: int


class Shim:
    """One living shim. ``exited`` is resolved with its exit; None if the shim was killed.

    After that it removes the container's cgroup, and then unmounts.
    """

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self.pid = 0
        self.started_at = 0
        self.started: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self.exited: asyncio.Future[Exit | None] = asyncio.get_running_loop().create_future()
        self._emptied: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._on_event = on_event
        self._channel: Channel | None = None

    def connect(self, sock: socket.socket) -> None:
        self._channel = Channel(sock, self._event, self._ended)

    def _event(self, event: Event) -> None:
        kind = event["event"]
        if kind in ("started", "failed"):
            if not self.started.done():
                self.started.set_result(event)
        elif kind == "exit":
            self._exit(Exit(event["code"], event["oom"], event["at"]))
        elif kind == "emptied":
            self._leave(self._emptied, True)
        else:
            self._on_event(event)

    def _exit(self, result: Exit | None) -> None:
        if not self.exited.done():
            self.exited.set_result(result)

    def _leave(self, future: "asyncio.Future[T]", value: T) -> None:
        if not future.done():
            future.set_result(value)

    async def emptied(self) -> bool:
        """Wait until the container's cgroup is gone; False if the shim did not get to that."""
        if not self._emptied.done():
            await asyncio.wait({self._emptied}, timeout=_LEAVING)
        return self._emptied.done() and self._emptied.result()

    async def gone(self) -> None:
        """Wait until nothing of the container is mounted any more, or it takes too long."""
        await asyncio.wait({self._gone}, timeout=_LEAVING)

    def _ended(self) -> None:
        gone = {"event": "failed", "error": {"message": "the shim was killed", "code": 128}}
        if not self.started.done():
            self.started.set_result(gone)
        self._exit(None)
        self._leave(self._emptied, False)
        self._leave(self._gone, None)

    async def request(self, op: str, fds: Sequence[int] = (), **arguments: Any) -> Any:
        if self._channel is None:
            raise ShimError("container is not running")
        return await self._channel.request(op, fds, **arguments)

    def close(self) -> None:
        """Let go of the shim; it lives on."""
        if self._channel is not None:
            self._on_event = lambda event: None
            self._channel.close()


class Supervisor:
    """*run_root*: the directory of run directories, one a container."""

    def __init__(self, spawner: SpawnerProcess, run_root: Path) -> None:
        self._spawner = spawner
        self._run_root = str(run_root)

    def run_directory(self, container_id: str) -> str:
        return f"{self._run_root}/{container_id}"

    async def start(self, request: StartRequest, on_event: Callable[[Event], None]) -> Shim:
        """Start a shim and wait until its program runs. :class:`ShimError` when it does not."""
        directory = self.run_directory(request.id)
        try:
            os.mkdir(directory, 0o711)
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{directory}/exit.json")
        shim = Shim(on_event)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        shim.connect(ours)
        try:
            self._send(request, directory, theirs)
        finally:
            theirs.close()
        event = await shim.started
        if event["event"] == "failed":
            shim.close()
            error = event["error"]
            raise ShimError(error["message"], error.get("code", 128), error.get("errno", 0))
        shim.pid, shim.started_at = event["pid"], event["at"]
        return shim

    def _send(self, request: StartRequest, directory: str, channel: socket.socket) -> None:
        plan = request.plan.to_message() | {
            "id": request.id,
            "mountpoint": self._spawner.mountpoint,
            "stdio": request.stdio,
            "kill_at": request.kill_at,
        }
        shim = {
            "id": request.id,
            "run_dir": directory,
            "drops_unhandled": request.plan.pid_namespace == "new" and not request.plan.init,
            "pid_namespace": request.plan.pid_namespace,
            "user_namespace": request.plan.user_namespace,
            "cgroup": messages.encode_for_fork(request.plan.cgroup),
            "stdio": request.stdio,
            "log": request.log,
            "attach": [spec for _, spec in request.clients],
            "filtered": request.filter_program is not None,
            "gated": request.gate is not None,
        }
        # The shim stays small because it never parses the plan: a process that ends does.
        own = [messages.memory_file("plan", messages.encode_for_fork(plan))]
        if request.filter_program is not None:
            own.append(messages.memory_file("seccomp", request.filter_program))
        gate = [] if request.gate is None else [request.gate]
        fds = [channel.fileno(), *own, *gate, *(fd for fd, _ in request.clients)]
        try:
            message: dict[str, Any] = {"op": "shim", "shim": shim, "rootfs": request.rootfs}
            if request.images:
                message["images"] = request.images
            self._spawner.send(message, fds)
        finally:
            for fd in own:
                os.close(fd)

    async def adopt(self, container_id: str, on_event: Callable[[Event], None]) -> Shim | None:
        """Connect to the shim of a container that an earlier daemon started; None if it is gone."""
        path = f"{self.run_directory(container_id)}/shim.sock"
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with messages.reachable(path) as address:
                sock.connect(address)
        except OSError:
            sock.close()
            return None
        shim = Shim(on_event)
        shim.connect(sock)
        try:
            state = await shim.request("state")
        except ShimError:
            return None
        if state["exited"]:
            await shim.gone()
        if state["protocol"] != messages.PROTOCOL or state["exited"]:
            shim.close()
            return None
        shim.pid, shim.started_at = state["pid"], state["at"]
        shim.started.set_result({"event": "started", "pid": shim.pid})
        return shim

    def recorded_exit(self, container_id: str) -> Exit | None:
        """What the shim wrote at the container's end."""
        try:
            raw = Path(self.run_directory(container_id), "exit.json").read_bytes()
            status = json.loads(raw)
            return Exit(status["code"], status["oom"], status["at"])
        except (OSError, ValueError, KeyError):
            return None

    def forget_layers(self, keys: list[str]) -> None:
        """Let the spawner close its mounts of layers that are to be deleted."""
        if keys:
            self._spawner.send({"op": "forget", "layers": keys}, [])
