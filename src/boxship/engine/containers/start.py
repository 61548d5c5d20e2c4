"""Starting a container."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, Internal, InvalidParameter
from boxship.engine.containers import (
    ended,
    events,
    files,
    health,
    hosts,
    joins,
    links,
    removal,
    specification,
    states,
    volume_mounts,
    volume_sources,
)
from boxship.engine.containers.container import State
from boxship.engine.containers.runtime_state import record
from boxship.engine.containers.store import Live
from boxship.engine.networks import attachment, publishing, resolving
from boxship.engine.networks.preparation import Preparation
from boxship.runtime.channel import Event, ShimError
from boxship.runtime.supervisor import Shim, StartRequest

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_PREFIX = (
    "failed to create task for container: failed to create shim task: "
    "OCI runtime create failed: unable to start container process: "
)
_USER_ERRORS = (
    "unable to find user",
    "unable to find group",
    "Unable to find group",
    "Cannot mkdir",
    "uids and gids",
    "error while mounting volume",
    "cannot access path",
    "path concatenation escapes",
)


async def start(engine: "Engine", reference: str) -> None:
    """``POST /containers/{id}/start``. :class:`NotModified` if it runs already."""
    live = engine.containers.get(reference)
    async with live.lock:
        states.check(live.container, "start", reference)
        volume_mounts.check_sources(live.container)
        live.container.restart_count = 0
        live.stopped_by_user = False
        await launch(engine, live)


async def launch(engine: "Engine", live: Live) -> None:
    """Run the container's program; the caller holds its lock.

    On failure the container is as before, with the error and exit code that Docker records. Who is
    cancelled meanwhile is so afterwards: of half a start nobody would know.
    """
    task = asyncio.ensure_future(_launch_alone(engine, live))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


async def _launch_alone(engine: "Engine", live: Live) -> None:
    await ended.unmounted(engine, live)
    async with volume_sources.held(engine, live.container):
        with contextlib.ExitStack() as stack:
            await _launch(engine, live, stack)


async def _launch(engine: "Engine", live: Live, stack: contextlib.ExitStack) -> None:
    """*stack* closes what is held until the program runs."""
    container = live.container
    network = None
    try:
        attachment.check(engine, container)
        links.check(engine, container)
        joins.take_names(engine, container)
        volume_mounts.make_sources(engine, container)
        shared = await joins.hold(engine, container, stack)
        network = await attachment.prepare(engine, live, shared)
        namespace = network.namespace if network is not None else None
        await hosts.know_gateway(engine, container)
        files.write(engine, live, specification.hostname(engine, container))
        sources = await volume_sources.find(engine, container, stack)
        request = specification.request_for(engine, live, namespace, sources, shared)
    except BoxshipError as error:
        await _give_up(engine, live, network)
        await _failed(engine, live, str(error))
        raise
    if network is not None:
        request.gate = network.gate
    if container.host_config.auto_remove or live.volatile:
        files.forget_volatile(engine, container)
        request.rootfs["volatile"] = True
    request.clients = [(sock.fileno(), spec) for sock, spec in live.parked]
    shim = await _run(engine, live, request, network)
    if network is not None:
        network.close()
    _drop_parked(live)
    container.state = State(
        status="running",
        pid=shim.pid,
        started_at=shim.started_at,
        health=container.state.health_at_start(),
    )
    container.manually_stopped = False
    live.shim = shim
    await resolving.started(engine, live)
    publishing.started(engine, live)
    hosts.tell_linking(engine, container)
    attachment.attach(engine, container)
    attachment.emit(engine, container, "connect")
    volume_mounts.emit(engine, container, "mount")
    events.emit(engine, container, "start")
    health.begin(engine, live)
    record(engine, container)
    if not container.host_config.auto_remove:
        # After a crash of the machine this says that it ran: the run directory is gone then.
        engine.containers.save_later(live)
    live.monitor = engine.background(ended.watch(engine, live, shim))


async def _run(
    engine: "Engine", live: Live, request: StartRequest, network: Preparation | None
) -> Shim:
    """The shim of the program that runs; on failure nothing is left of either."""
    container = live.container
    try:
        return await engine.supervisor.start(request, lambda event: on_event(engine, live, event))
    except ShimError as error:
        refusal = await _give_up(engine, live, network)
        if refusal is not None:
            await _failed(engine, live, str(refusal))
            raise refusal from None
        await _failed(engine, live, _wording(error), error.code)
        await joins.check_running(engine, container)
        raise _error_for(error) from None
    except OSError as error:
        await _give_up(engine, live, network)
        await _failed(engine, live, str(error))
        raise Internal(f"cannot start container {container.id}: {error}") from None


_WRONG_KIND = (
    ": Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified "
    "host path exists and is the expected type"
)


async def _give_up(
    engine: "Engine", live: Live, network: Preparation | None
) -> BaseException | None:
    """The container's interfaces go with its namespace, then nobody uses its addresses.

    What has kept the network from being made, if that is what it was.
    """
    refusal = None
    if network is not None:
        refusal = await network.settle()
        network.close()
    await attachment.release(engine, live)
    return refusal


def _drop_parked(live: Live) -> None:
    """The shim has its own duplicates of the clients' sockets."""
    for sock, _ in live.parked:
        sock.close()
    live.parked.clear()


def _wording(error: ShimError) -> str:
    text = str(error)
    if text.startswith(_USER_ERRORS):
        return text
    # Docker's clients take 126 from the words "permission denied", so its engine adds them.
    hint = ": permission denied" if text.endswith("is a directory") else ""
    if text.endswith("not a directory"):
        hint = _WRONG_KIND
    return f"{_PREFIX}{text}: unknown{hint}"


def _error_for(error: ShimError) -> BoxshipError:
    """A program that cannot be run is the request's fault; Docker's clients parse the text."""
    return InvalidParameter(_wording(error))


async def _failed(engine: "Engine", live: Live, message: str, code: int = 0) -> None:
    """Without a *code* the last run's stays."""
    container = live.container
    container.state.status = "exited" if container.state.started_at else "created"
    container.state.error = message
    container.state.exit_code = code or container.state.exit_code or 128
    _drop_parked(live)
    if container.host_config.auto_remove:
        await removal.delete(engine, live, volumes=True)
    else:
        engine.containers.save_soon(live)


def on_event(engine: "Engine", live: Live, event: Event) -> None:
    """What a shim tells besides start and exit."""
    kind = event["event"]
    if kind == "exec-exit":
        ended.exec_ended(engine, live, event["exec"], event["code"])
    elif kind == "oom":
        events.emit(engine, live.container, "oom")
    elif kind == "detached":
        events.emit(engine, live.container, "detach")
    elif kind == "exec-detached":
        events.emit(engine, live.container, "exec_detach", execID=event["exec"])
