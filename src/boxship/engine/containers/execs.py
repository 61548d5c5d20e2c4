"""Exec sessions: create, start, resize, inspect."""

import asyncio
import base64
import contextlib
import socket
from typing import TYPE_CHECKING, Any

from boxship.base.errors import Conflict, Internal, InvalidParameter, NotFound
from boxship.base.ids import new_id
from boxship.base.times import now_ns
from boxship.engine.containers import attach, events, links, specification, states
from boxship.engine.containers.store import Exec, Live
from boxship.runtime import seccomp
from boxship.runtime.channel import ShimError
from boxship.runtime.spec import process
from boxship.sandbox.detach import parse_keys
from boxship.types.exec_config import ExecConfig
from boxship.wire import frames

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

# How long an ended session can be inspected, in nanoseconds.
_KEPT = 300 * 1_000_000_000
# The exit code of a session whose program could not be run, whatever the reason.
_FAILED = 126
_PREFIX = "OCI runtime exec failed: exec failed: unable to start container process: "


def find(engine: "Engine", exec_id: str) -> tuple[Live, Exec]:
    """The session and its container; :class:`NotFound` once the container has ended."""
    for live in engine.containers:
        session = live.execs.get(exec_id)
        if session is not None:
            return live, session
    raise NotFound(f"No such exec instance: {exec_id}")


def create(engine: "Engine", reference: str, config: ExecConfig) -> str:
    """``POST /containers/{id}/exec``."""
    if not config.cmd:
        raise InvalidParameter("No exec command specified")
    live = engine.containers.get(reference)
    states.check(live.container, "exec", reference)
    links.check(engine, live.container)
    attach.client_spec(False, True, True, detach_keys=config.detach_keys)
    _forget_old(live)
    session = Exec(new_id(), live.id, config, now_ns(), size=config.console_size)
    live.execs[session.id] = session
    events.emit(engine, live.container, f"exec_create: {_command(config)}", execID=session.id)
    return session.id


def _forget_old(live: Live) -> None:
    """Ended sessions can still be inspected for a while."""
    limit = now_ns() - _KEPT
    old = [each.id for each in live.execs.values() if 0 < each.ended_at < limit]
    for exec_id in old:
        del live.execs[exec_id]


def _command(config: ExecConfig) -> str:
    """The program, a space, and its arguments, as Docker's events show them."""
    program, *arguments = config.cmd or [""]
    return f"{program} {' '.join(arguments)}"


def check_start(engine: "Engine", exec_id: str) -> tuple[Live, Exec]:
    """The session, if its container takes sessions. :class:`Conflict` in Docker's words."""
    live, session = find(engine, exec_id)
    states.check(live.container, "exec", live.id)
    return live, session


def _check_new(session: Exec) -> None:
    """:class:`Conflict` for a session that has been started before."""
    if session.exit_code is not None:
        raise Conflict(f"Error: Exec command {session.id} has already run")
    if session.running:
        raise Conflict(f"Error: Exec command {session.id} is already running")


def _process(engine: "Engine", live: Live, config: ExecConfig) -> dict[str, Any]:
    """The OCI process of the session: the container's, with what the session changes."""
    container = live.container
    host = container.host_config
    return process.for_exec(
        config, container.config, host, specification.facts_of(engine, container)
    )


async def start(
    engine: "Engine",
    live: Live,
    session: Exec,
    client: tuple[socket.socket, bytes] | None,
    raw: bool,
) -> None:
    """Run the session's program. *client*: the hijacked socket (owned here) and early bytes.

    *raw*: the client wants its stream without frames, whether or not the program has a terminal.
    A program that cannot be run, or was before, is told on the client's stream, as Docker does;
    without a client it is raised.
    """
    try:
        _check_new(session)
        session.running = True
        await _start(engine, live, session, client, raw)
    except Conflict as error:
        if client is None:
            raise
        with contextlib.suppress(OSError):
            await _tell(client[0], str(error), raw)
    except ShimError as error:
        session.running = False
        session.exit_code = _FAILED
        session.ended_at = now_ns()
        session.ended.set()
        text = _wording(error)
        if client is None:
            raise InvalidParameter(text) from None
        with contextlib.suppress(OSError):
            await _tell(client[0], text, raw)
    finally:
        if client is not None:
            client[0].close()


async def _tell(sock: socket.socket, text: str, raw: bool) -> None:
    """The client reads the error as output of its program."""
    sock.setblocking(False)
    data = text.encode("utf-8", "replace") + b"\r\n"
    await asyncio.get_running_loop().sock_sendall(
        sock, data if raw else frames.frame(frames.STDOUT, data)
    )


def _wording(error: ShimError) -> str:
    text = str(error)
    if text.startswith(("unable to find", "Unable to find")):
        return text
    if text.startswith("Cwd must"):
        return f"OCI runtime exec failed: exec failed: {text}: unknown"
    return f"{_PREFIX}{text}: unknown"


async def _start(
    engine: "Engine",
    live: Live,
    session: Exec,
    client: tuple[socket.socket, bytes] | None,
    raw: bool,
) -> None:
    config: ExecConfig = session.config
    if live.shim is None:
        raise ShimError("container is not running", 126)
    if config.working_dir and not config.working_dir.startswith("/"):
        raise ShimError("Cwd must be an absolute path", 126)
    spec = _process(engine, live, config)
    # A privileged session has all capabilities, but under its container's own filter.
    host = live.container.host_config
    bounding = process.container_capabilities(host)
    program = specification.filter_program(live.container, host.privileged, bounding)
    with seccomp.descriptors(program) as fds:
        answer = await _request(engine, live, session, client, raw, spec, fds)
    session.pid = answer["pid"]


async def _request(
    engine: "Engine",
    live: Live,
    session: Exec,
    client: tuple[socket.socket, bytes] | None,
    raw: bool,
    spec: dict[str, Any],
    fds: list[int],
) -> dict[str, Any]:
    config: ExecConfig = session.config
    assert live.shim is not None
    events.emit(engine, live.container, f"exec_start: {_command(config)}", execID=session.id)
    sockets = [client[0].fileno()] if client is not None else []
    answer: dict[str, Any] = await live.shim.request(
        "exec",
        [*fds, *sockets],
        exec=session.id,
        process=spec,
        filtered=bool(fds),
        tty=config.tty,
        stdin=config.attach_stdin,
        size=list(session.size or (0, 0)),
        client=_client(config, client[1] if client else b"", raw),
    )
    return answer


def _client(config: ExecConfig, leftover: bytes, raw: bool) -> dict[str, Any]:
    spec = attach.client_spec(
        config.attach_stdin,
        config.attach_stdout,
        config.attach_stderr,
        detach_keys=config.detach_keys,
    )
    return spec | {"leftover": list(leftover), "framed": not raw}


async def resize(engine: "Engine", exec_id: str, rows: int, columns: int) -> None:
    """``POST /exec/{id}/resize``; a size that comes before the start is kept for it."""
    live, session = find(engine, exec_id)
    session.size = (rows, columns)
    if session.exit_code is not None:
        raise NotFound(f"process does not exist {exec_id}: not found")
    if not session.running:
        return
    if live.shim is None:
        raise Internal(f"exec process {exec_id} is not running")
    with contextlib.suppress(ShimError):
        await live.shim.request("exec-resize", exec=exec_id, rows=rows, columns=columns)


def describe(engine: "Engine", exec_id: str) -> dict[str, Any]:
    """``GET /exec/{id}/json``."""
    live, session = find(engine, exec_id)
    config: ExecConfig = session.config
    command = config.cmd or [""]
    return {
        "ID": session.id,
        "Running": session.running,
        "ExitCode": session.exit_code,
        "ProcessConfig": {
            "tty": config.tty,
            "entrypoint": command[0],
            "arguments": command[1:],
            "privileged": config.privileged,
            **({"user": config.user} if config.user else {}),
        },
        "OpenStdin": config.attach_stdin,
        "OpenStderr": config.attach_stderr,
        "OpenStdout": config.attach_stdout,
        "CanRemove": False,
        "ContainerID": live.id,
        "DetachKeys": _keys(config.detach_keys),
        "Pid": session.pid,
    }


def _keys(text: str) -> str:
    return base64.b64encode(bytes(parse_keys(text))).decode() if text else ""
