"""Errands in processes of their own: the daemon's side of ``sandbox/workers``."""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from boxship.base import errors
from boxship.runtime.channel import Channel, Event
from boxship.runtime.spawner import SpawnerProcess


class Workers:
    """Runs one forked worker a call; cancelling the call kills nothing but is noticed by pipes."""

    def __init__(self, spawner: SpawnerProcess) -> None:
        self._spawner = spawner

    async def run(
        self,
        kind: str,
        args: dict[str, Any],
        fds: Sequence[int] = (),
        rootfs: dict[str, Any] | None = None,
        inside: Mapping[str, int] | None = None,
        mounts: Sequence[dict[str, Any]] = (),
        user_namespace: dict[str, Any] | None = None,
        sources: Sequence[dict[str, Any]] = (),
    ) -> dict[str, Any]:
        """The worker's result. Its errors are raised as the same class of our tree.

        *fds* are duplicated into the worker. *rootfs* is mounted for it, or descriptors
        of a container are used, which are duplicated too: *inside* has its ``root``, its mount
        namespace ``mnt``, and the user namespace ``user`` to join.
        *mounts* on top of the rootfs: source, target, read_only; perhaps ``subpath``, and
        ``filesystem`` or ``image`` (a rootfs spec) in place of the source. *user_namespace*:
        mappings of one for the worker to run in. *sources*:
        rootfs specs that follow *fds* as descriptors of their roots, mounted nowhere.
        """
        return await self.start(kind, args, fds, rootfs, inside, mounts, user_namespace, sources)

    def start(
        self,
        kind: str,
        args: dict[str, Any],
        fds: Sequence[int] = (),
        rootfs: dict[str, Any] | None = None,
        inside: Mapping[str, int] | None = None,
        mounts: Sequence[dict[str, Any]] = (),
        user_namespace: dict[str, Any] | None = None,
        sources: Sequence[dict[str, Any]] = (),
    ) -> "asyncio.Task[dict[str, Any]]":
        """As :meth:`run`, but the worker has its *fds* when this returns."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        done: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        channel = Channel(ours, lambda e: _settle(done, e), lambda: _settle(done, {}))
        message = {
            "op": "worker",
            "kind": kind,
            "args": args,
            "rootfs": rootfs,
            "inside": [*(inside or ())],
            "mounts": list(mounts),
            "images": [row["image"] for row in mounts if "image" in row],
            "sources": list(sources),
            "user_namespace": user_namespace,
            "mountpoint": self._spawner.mountpoint,
        }
        try:
            self._spawner.send(message, [theirs.fileno(), *fds, *(inside or {}).values()])
        except BaseException:
            channel.close()
            raise
        finally:
            theirs.close()
        return asyncio.ensure_future(_finish(kind, channel, done))


async def _finish(kind: str, channel: Channel, done: "asyncio.Future[Event]") -> dict[str, Any]:
    try:
        return _result(kind, await done)
    finally:
        channel.close()


def _settle(future: "asyncio.Future[Event]", event: Event) -> None:
    if not future.done():
        future.set_result(event)


def _result(kind: str, event: Event) -> dict[str, Any]:
    if "result" in event:
        return dict(event["result"])
    error = event.get("error")
    if error is None:
        raise errors.Internal(f"the {kind} worker ended without an answer")
    named = getattr(errors, error.get("kind", ""), None)
    if isinstance(named, type) and issubclass(named, errors.BoxshipError):
        raise named(error["message"])
    if error.get("errno"):
        raise OSError(error["errno"], error["message"])
    raise errors.Internal(error["message"])
