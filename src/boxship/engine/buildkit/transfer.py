"""Files from the client and back to it, over calls of its session."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from boxship.builder.buildkit import session as messages
from boxship.engine.buildkit.entries import EntriesFile
from boxship.engine.buildkit.handed_over import HandedOver
from boxship.engine.buildkit.mirror import Mirror
from boxship.engine.buildkit.sessions import Client, Session
from boxship.wire.grpc.client import OpenCall
from boxship.wire.grpc.status import Code, GrpcError
from boxship.wire.protobuf import DecodeError

T = TypeVar("T")
R = TypeVar("R")
Told = Callable[[int, bool], None]
_PIECE = 32 << 10
_METADATA = "exporter-md-"
# Seconds between two words about how far a transfer is.
_SHOWN = 0.1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a client's directory: the paths that *follow*, everything when that is None, but
    nothing that the patterns *exclude*."""

    follow: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()


def ask(session: Session, name: str, wanted: Wanted) -> OpenCall:
    """Let the client begin to look for what is *wanted* of its directory *name*. GrpcError when it
    refuses."""
    values = {"dir-name": [name]}
    if wanted.follow is not None:
        values["followpaths"] = [*wanted.follow]
    if wanted.exclude:
        values["exclude-patterns"] = [*wanted.exclude]
    return session.start(messages.SYNC, values)


async def fetch(
    session: Client,
    name: str,
    wanted: Wanted,
    directory: Path,
    told: Told,
    call: OpenCall | None = None,
) -> str:
    """Make ``directory/tree`` like what is *wanted* of the client's directory *name*.

    What is there already and has not changed is not sent again. *told* gets bytes so far, and
    whether that is all. *call* has asked for the same already. The answer names what the tree
    holds, apart from times: it is the same as before if that is. GrpcError when the client
    refuses.
    """
    assert isinstance(session, Session), "others are asked for no files"
    tree = directory / "tree"
    tree.mkdir(mode=0o755, parents=True, exist_ok=True)
    call = call or ask(session, name, wanted)
    mirror: Mirror | None = None
    try:
        # The client looks for its files meanwhile.
        mirror = await _whole(partial(Mirror, tree), EntriesFile(directory / "entries"))
        size = await _receive(call, mirror, told)
        if not mirror.finished:
            raise GrpcError(Code.UNKNOWN, f"the client ended the transfer of {name} early")
        told(size, True)
        return mirror.state
    except (DecodeError, OSError) as error:
        raise GrpcError(Code.UNKNOWN, f"failed to receive {name}: {error}") from None
    finally:
        call.close()
        if mirror is not None:
            mirror.close()


async def _receive(call: OpenCall, mirror: Mirror, told: Told) -> int:
    """Bytes of the whole transfer."""
    size, shown = 0, 0.0
    clock = asyncio.get_running_loop().time
    while not mirror.finished and (batch := await call.receive()):
        size += sum(map(len, batch))
        rest = batch[mirror.skim(batch) :]
        if rest:
            answers = mirror.confirm(rest) or await _whole(mirror.take, rest)
            await call.send(answers, end=mirror.finished)
            if mirror.finished:
                call.leave()
                if not mirror.is_kept:
                    await _whole(Mirror.keep, mirror)
        if clock() - shown > _SHOWN:
            told(size, False)
            shown = clock()
    return size


async def send_file(
    session: Client, pieces: AsyncIterator[bytes], metadata: dict[str, str], told: Told
) -> None:
    """Hand one file to the client, which wants it written somewhere."""
    if isinstance(session, HandedOver):
        return await session.take(pieces, told)
    call = session.start(
        messages.SEND, {_METADATA + name.lower(): [value] for name, value in metadata.items()}
    )
    size = 0
    try:
        async for piece in pieces:
            parts = [piece[at : at + _PIECE] for at in range(0, len(piece), _PIECE)]
            await call.send([messages.BytesMessage(part).encode() for part in parts])
            size += len(piece)
            told(size, False)
        await call.send([], end=True)
        while await call.receive():
            pass
        told(size, True)
    finally:
        call.close()


async def upload(session: Client, address: str, target: Path) -> None:
    """Store what the client uploads at *address*, a path of its own, in *target*."""
    if isinstance(session, HandedOver):
        return await session.store_archive(target)
    call = session.start(messages.UPLOAD, {"urlpath": [address], "urlhost": ["buildkit-session"]})
    try:
        with target.open("xb") as file:
            await call.send([], end=True)
            while batch := await call.receive():
                data = b"".join(messages.BytesMessage.decode(one).data for one in batch)
                await _whole(file.write, data)
    except DecodeError as error:
        raise GrpcError(Code.UNKNOWN, f"failed to receive the upload: {error}") from None
    finally:
        call.close()


async def _whole(work: Callable[[T], R], argument: T) -> R:
    """Run *work* in a thread, and wait for its end even when cancelled: its files are in use."""
    task = asyncio.ensure_future(asyncio.to_thread(work, argument))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
