"""``RUN --mount``: what stands behind each mount while a step runs."""

import asyncio
import contextlib
import hashlib
import os
import posixpath
import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boxship.base.errors import InvalidParameter
from boxship.base.trees import remove_tree
from boxship.builder.machine import RunJob
from boxship.builder.work import Mount
from boxship.engine.containers.container import MountPoint

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_SECRET_MODE, _CACHE_MODE, _SCRIPT_MODE, _AGENT_MODE = 0o400, 0o755, 0o755, 0o600


class Mounts:
    """Prepared by :meth:`ready`: ``points`` and ``tmpfs`` for the container, ``trees`` behind
    them, ``env`` that secrets add, ``targets`` of all. What it makes is below *scratch*."""

    def __init__(self, engine: "Engine", job: RunJob, scratch: Path) -> None:
        self._engine = engine
        self._job = job
        self._scratch = scratch
        self.points: list[MountPoint] = []
        self.tmpfs: dict[str, str] = {}
        self.trees: dict[str, dict[str, Any]] = {}
        self.env: list[str] = []
        self.targets: list[str] = []

    @contextlib.asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """While this lasts, everything is there, and locked caches are the job's own."""
        self._scratch.mkdir(mode=0o700)
        try:
            async with contextlib.AsyncExitStack() as stack:
                for mount in self._job.work.mounts:
                    await _PREPARE[mount.kind](self, mount, stack)
                    if mount.target:
                        self.targets.append(mount.target)
                if self._job.work.script_path:
                    self._script()
                yield
        finally:
            await asyncio.to_thread(remove_tree, self._scratch)

    def _script(self) -> None:
        path = self._job.work.script_path
        data = self._job.work.script.encode("utf-8", "surrogateescape")
        self._file(path, data, _SCRIPT_MODE, 0, 0)
        self.targets.append(path)

    def _file(self, target: str, data: bytes, mode: int, uid: int, gid: int) -> None:
        path = self._scratch / secrets.token_hex(8)
        with open(path, "xb", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
            file.write(data)
        os.chown(path, *self._on_host(uid, gid))
        path.chmod(mode)
        self._bind(str(path), target, rw=False)

    def _on_host(self, uid: int, gid: int) -> tuple[int, int]:
        """Whom *uid* and *gid* of a container are out here."""
        users = self._engine.options.users
        if users is None:
            return uid, gid
        return _mapped(uid, users.uid), _mapped(gid, users.gid)

    def _bind(self, source: str, target: str, rw: bool) -> None:
        self.points.append(MountPoint(type="bind", source=source, destination=target, rw=rw))

    async def _bind_tree(self, mount: Mount, stack: contextlib.AsyncExitStack) -> None:
        place = self._job.places[mount.origin]
        name = f"tree-{len(self.trees)}"
        tree = dict(place.tree)
        if not mount.read_only:
            # What the program writes there goes away with the step.
            for key in ("upper", "work"):
                directory = self._scratch / f"{name}-{key}"
                directory.mkdir(mode=0o755)
                tree[key] = str(directory)
            tree["volatile"] = True
        self.trees[name] = tree
        inside = posixpath.normpath(posixpath.join("/", place.directory, place.only or ""))
        inside = posixpath.normpath(f"{inside}/{mount.source}").strip("/")
        options = {"image": name} | ({"subpath": inside} if inside else {})
        self.points.append(
            MountPoint(
                type="image",
                source="",
                destination=mount.target,
                rw=not mount.read_only,
                options=options,
            )
        )

    async def _cache(self, mount: Mount, stack: contextlib.AsyncExitStack) -> None:
        caches = self._engine.building.cache_mounts
        namespace = self._job.options.cache_namespace
        facts = f"{namespace}/{mount.options['id']}" if namespace else mount.options["id"]
        name = hashlib.sha256(facts.encode("utf-8", "surrogateescape")).hexdigest()
        sharing = mount.options.get("sharing", "shared")
        directory = await stack.enter_async_context(caches.held(name, sharing, mount.target))
        if not directory.exists():
            directory.mkdir(mode=0o700, parents=True)
            if mount.origin.kind != "nothing":
                await self._seed(directory, mount)
            mode, uid, gid = _owner(mount, _CACHE_MODE)
            os.chown(directory, *self._on_host(uid, gid))
            directory.chmod(mode)
        self._bind(str(directory), mount.target, rw=not mount.read_only)

    async def _seed(self, directory: Path, mount: Mount) -> None:
        """A new cache begins with what ``from`` and ``source`` name."""
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            tree = self._job.places[mount.origin].tree
            arguments = {"path": mount.source or "/"}
            await self._engine.workers.run("copy_up", arguments, [fd], tree)
        finally:
            os.close(fd)

    async def _tmpfs(self, mount: Mount, stack: contextlib.AsyncExitStack) -> None:
        size = mount.options.get("size", "")
        self.tmpfs[mount.target] = f"exec,size={size.rstrip('bB')}" if size else "exec"

    async def _secret(self, mount: Mount, stack: contextlib.AsyncExitStack) -> None:
        name = mount.options["id"]
        data = self._job.options.secrets.get(name)
        if data is None:
            if mount.options.get("required") == "true":
                raise InvalidParameter(f"secret {name}: not found")
            return
        if mount.options.get("env"):
            text = data.decode("utf-8", "surrogateescape")
            self.env.append(f"{mount.options['env']}={text}")
        if mount.target:
            self._file(mount.target, data, *_owner(mount, _SECRET_MODE))

    async def _ssh(self, mount: Mount, stack: contextlib.AsyncExitStack) -> None:
        name = mount.options["id"]
        path = self._job.options.agents.get(name)
        if path is None:
            if mount.options.get("required") == "true":
                raise InvalidParameter(f"unset ssh forward key {name}")
            return
        mode, uid, gid = _owner(mount, _AGENT_MODE)
        os.chown(path, *self._on_host(uid, gid))
        os.chmod(path, mode)
        self._bind(path, mount.target, rw=True)
        self.env.append(f"SSH_AUTH_SOCK={mount.target}")


def _mapped(number: int, rows: Sequence[tuple[int, int, int]]) -> int:
    """By *rows* of inside, outside, length; :class:`InvalidParameter` for who is not there."""
    for inside, outside, length in rows:
        if inside <= number < inside + length:
            return outside + number - inside
    raise InvalidParameter(f"the ID {number} has no counterpart on the host")


def _owner(mount: Mount, mode: int) -> tuple[int, int, int]:
    options = mount.options
    mode = int(options["mode"], 8) if "mode" in options else mode
    return mode, int(options.get("uid", "0")), int(options.get("gid", "0"))


_PREPARE = {
    "bind": Mounts._bind_tree,
    "cache": Mounts._cache,
    "tmpfs": Mounts._tmpfs,
    "secret": Mounts._secret,
    "ssh": Mounts._ssh,
}
