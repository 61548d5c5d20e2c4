"""RUN: a container of the engine, and what its program has changed."""

import asyncio
import codecs
import contextlib
import socket
import sqlite3
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, InvalidParameter
from boxship.base.ids import short_id
from boxship.builder.classic import of_stderr
from boxship.builder.machine import RunJob, StepFailed
from boxship.engine.building import emulation
from boxship.engine.building.run_changes import RunChanges
from boxship.engine.building.run_mounts import Mounts
from boxship.engine.containers import attach, create, ended, files, removal, start
from boxship.engine.containers.store import Live
from boxship.types.create import CreateRequest
from boxship.types.host_config import HostConfig, LogConfig
from boxship.wire.frames import HEAD

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_CHUNK = 1 << 16
# On containers of builds in progress: they are nobody's once the daemon is gone.
_MARK = "boxship.building"
_PID_MAX = Path("/proc/sys/kernel/pid_max")
_HEAD = struct.Struct(">B3xI")


Removal = asyncio.Task[None]


async def run_step(
    engine: "Engine", job: RunJob, scratch: Path, removals: set[Removal]
) -> RunChanges:
    """What the program has changed. *scratch* is a new path for what the container needs meanwhile.

    :class:`StepFailed` when the program fails. The container is removed, unless the job's options
    keep it; when this is cancelled, always. What comes next need not wait for that: it may be one
    of *removals*, for which the caller waits in the end (:func:`wait_for`).
    """
    if job.work.insecure:
        raise InvalidParameter("security.insecure is not allowed")
    mounts = Mounts(engine, job, scratch)
    with contextlib.ExitStack() as unless_done:
        async with mounts.ready():
            changes = await _run(engine, job, mounts, removals)
            unless_done.callback(changes.release)
        unless_done.pop_all()
    return changes


async def _run(engine: "Engine", job: RunJob, mounts: Mounts, removals: set[Removal]) -> RunChanges:
    live, warnings = await _create(engine, job, mounts)
    keep = not job.options.force_remove
    is_done = False
    try:
        for warning in warnings:
            job.told(f" ---> [Warning] {warning}\n")
        job.told(f" ---> Running in {short_id(live.id)}\n")
        await _finish(engine, job, live)
        keep = not job.options.remove
        is_done = True
        return RunChanges(engine, live, [*mounts.targets, *job.work.volumes])
    except asyncio.CancelledError:
        keep = False
        raise
    except StepFailed:
        if not keep:
            # The disk may be full of them, and then nothing could be written down.
            await asyncio.to_thread(files.delete, engine, live.id)
        raise
    finally:
        if not keep or not await _kept(engine, live):
            removing = _remove(engine, live)
            # Mounts have to be free of it before they are taken away.
            if is_done and not job.work.mounts:
                removals.add(removing)
            else:
                await wait_for(removing)
            job.told(f" ---> Removed intermediate container {short_id(live.id)}\n")


async def _kept(engine: "Engine", live: Live) -> bool:
    """Leave the container to its user. Where the disk has no room even for that, which is likely
    what ended the step, its files go and False is returned."""
    live.container.host_config.annotations = None
    try:
        await engine.containers.save(live)
    except sqlite3.OperationalError:
        await asyncio.to_thread(files.delete, engine, live.id)
        return False
    return True


async def sweep(engine: "Engine") -> None:
    """Remove the containers of builds that ended with an earlier daemon."""
    for live in engine.containers:
        if _MARK in (live.container.host_config.annotations or {}):
            await wait_for(_remove(engine, live))


async def _create(engine: "Engine", job: RunJob, mounts: Mounts) -> tuple[Live, list[str]]:
    """The container, and what is said of it to clients that see the steps' images."""
    work = job.work
    request = CreateRequest(
        image=job.below.id if job.below else "",
        cmd=[*work.argv],
        env=[*_left_out(job), *work.env],
        user=work.user,
        hostname=job.options.hostname,
        working_dir=work.directory,
        volumes={path: {} for path in work.volumes} or None,
        host_config=_host_config(job, mounts),
    )
    options = create.CreateOptions(image_config={}, warn_mac_address=False, apart=True)
    created = await create.create(engine, request, options)
    live = engine.containers.get(created.id)
    live.volatile = True
    live.trees = dict(mounts.trees)
    live.above_image = [*job.above]
    live.secret_env = [*work.hidden, *mounts.env]
    live.container.mounts += mounts.points
    return live, created.warnings if job.options.step_images else []


def _left_out(job: RunJob) -> list[str]:
    """Steps of BuildKit's do not find their host's name in the environment, whatever it is; those
    of the classic builder do. A name without a value takes the variable away."""
    return ["HOSTNAME"] if job.options.hostname else []


def _host_config(job: RunJob, mounts: Mounts) -> HostConfig:
    options, limits = job.options, job.options.limits
    network = options.network if job.work.network == "default" else job.work.network
    return HostConfig(
        network_mode=network or "default",
        extra_hosts=[*options.extra_hosts] or None,
        security_opt=[*options.security] or None,
        log_config=LogConfig(type="none"),
        annotations={_MARK: "run"},
        tmpfs=mounts.tmpfs or None,
        memory=limits.memory,
        memory_swap=limits.memory_swap,
        cpu_shares=limits.cpu_shares,
        cpu_period=limits.cpu_period,
        cpu_quota=limits.cpu_quota,
        cpuset_cpus=limits.cpuset_cpus,
        cpuset_mems=limits.cpuset_mems,
        shm_size=limits.shm_size,
        ulimits=[*limits.ulimits] or None,
        pids_limit=_most_processes(),
        cgroup_parent=limits.cgroup_parent,
    )


def _most_processes() -> int:
    """So that a step which forks without end leaves some to the machine (proc_sys_kernel(5))."""
    return int(_PID_MAX.read_text()) // 2


async def _finish(engine: "Engine", job: RunJob, live: Live) -> None:
    """Run the program to its end."""
    ours, theirs = socket.socketpair()
    client = attach.client_spec(stdin=False, stdout=True, stderr=True)
    await attach.attach(engine, live, theirs, b"", client)
    exit_code = asyncio.ensure_future(ended.next_exit(live))
    reading = asyncio.ensure_future(_tell(ours, job))
    try:
        await start.start(engine, live.id)
        code = await exit_code
        await reading
    finally:
        for task in (exit_code, reading):
            task.cancel()
        await asyncio.gather(exit_code, reading, return_exceptions=True)
        ours.close()
    if code:
        _explain(job)
        command = " ".join(job.work.argv)
        raise StepFailed(f"The command '{command}' returned a non-zero code: {code}", code, command)


def _explain(job: RunJob) -> None:
    """Say so when the step had no chance."""
    if job.below is not None and not emulation.runs(job.below.platform):
        job.told(
            f"programs of {job.below.platform} do not run on this machine: "
            "no emulator for them is registered with the kernel (binfmt_misc)\n"
        )


async def _tell(sock: socket.socket, job: RunJob) -> None:
    """Pass on what the program writes, as text, until it ends."""
    decoders = {n: codecs.getincrementaldecoder("utf-8")("replace") for n in (1, 2)}
    async for stream, data in _frames(sock):
        text = decoders[stream].decode(data) if stream in decoders else ""
        if text:
            await job.ready()
            job.told(text if stream == 1 else of_stderr(text))


async def _frames(sock: socket.socket) -> AsyncIterator[tuple[int, bytes]]:
    loop = asyncio.get_running_loop()
    sock.setblocking(False)
    buffer = bytearray()
    while data := await loop.sock_recv(sock, _CHUNK):
        buffer += data
        while len(buffer) >= HEAD:
            stream, size = _HEAD.unpack_from(buffer)
            if len(buffer) < HEAD + size:
                break
            yield stream, bytes(buffer[HEAD : HEAD + size])
            del buffer[: HEAD + size]


def _remove(engine: "Engine", live: Live) -> Removal:
    """Whatever it does, it ends now."""

    async def remove() -> None:
        with contextlib.suppress(BoxshipError, OSError):
            await removal.remove(engine, live.id, force=True, volumes=True)

    return engine.background(remove())


async def wait_for(task: Removal) -> None:
    """This is not interrupted."""
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(task)
