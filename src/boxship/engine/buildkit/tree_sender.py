"""The files of an archive, sent into a directory of the client's: the sending end of file-sync."""

import asyncio
import tarfile
from pathlib import Path
from typing import BinaryIO

from boxship.builder.buildkit import packets
from boxship.builder.buildkit import session as messages
from boxship.builder.buildkit.packets import Packet, Stat
from boxship.engine.buildkit.sessions import Session
from boxship.engine.buildkit.transfer import Told
from boxship.wire.grpc.client import OpenCall
from boxship.wire.grpc.status import Code, GrpcError
from boxship.wire.protobuf import DecodeError

_PIECE = 32 << 10
_BATCH = 64
_SECOND = 1_000_000_000
_KINDS = {
    tarfile.DIRTYPE: 0o040000,
    tarfile.SYMTYPE: 0o120000,
    tarfile.CHRTYPE: 0o020000,
    tarfile.BLKTYPE: 0o060000,
    tarfile.FIFOTYPE: 0o010000,
}


async def send(session: Session, archive: Path, told: Told) -> None:
    """Everything in *archive*, which lists directories before what is in them. GrpcError."""
    call = session.start(messages.SEND)
    try:
        entries = await asyncio.to_thread(_entries, archive)
        with archive.open("rb") as file:
            await _run(call, entries, file, told)
    except DecodeError as error:
        raise GrpcError(Code.UNKNOWN, f"the client is not understood: {error}") from None
    finally:
        call.close()


async def _run(call: OpenCall, entries: list[tuple[Stat, int]], file: BinaryIO, told: Told) -> None:
    stats = [Packet(packets.STAT, entry).encode() for entry, _ in entries]
    stats.append(packets.END_OF_STATS)
    announcing = asyncio.ensure_future(_announce(call, stats))
    sent = 0
    try:
        while batch := await call.receive():
            for data in batch:
                packet = packets.read(data)
                if packet.type == packets.REQUEST:
                    sent += await _content(call, packet.id, entries, file)
                    told(sent, False)
                elif packet.type == packets.ERROR:
                    raise GrpcError(Code.UNKNOWN, packet.data.decode("utf-8", "replace"))
                elif packet.type == packets.FINISH:
                    await announcing
                    await call.send([packets.FINISHED], end=True)
                    told(sent, True)
    finally:
        announcing.cancel()
        await asyncio.gather(announcing, return_exceptions=True)


async def _announce(call: OpenCall, stats: list[bytes]) -> None:
    for at in range(0, len(stats), _BATCH):
        await call.send(stats[at : at + _BATCH])


async def _content(
    call: OpenCall, number: int, entries: list[tuple[Stat, int]], file: BinaryIO
) -> int:
    if number >= len(entries):
        raise DecodeError(f"there is no file {number}")
    entry, offset = entries[number]
    file.seek(offset)
    left = entry.size
    while left:
        data = file.read(min(left, _PIECE))
        if not data:
            break
        left -= len(data)
        await call.send([packets.content(number, data)])
    await call.send([packets.content(number, b"")])
    return entry.size


def _entries(archive: Path) -> list[tuple[Stat, int]]:
    """With the place of each one's content, in the order that receivers insist on."""
    found: dict[str, tuple[Stat, int]] = {}
    with tarfile.open(archive, "r:") as tar:
        for member in tar:
            path = member.name.strip("/").removeprefix("./")
            if path and path != ".":
                found[path] = (_stat(member, path), member.offset_data)
    rows = [(path.split("/"), row) for path, row in found.items()]
    rows.sort(key=lambda row: row[0])
    order = {row[0].path: at for at, (_, row) in enumerate(rows)}
    # A name may only refer to one that comes before it; otherwise it becomes a file of its own.
    result = []
    for at, (_, (entry, offset)) in enumerate(rows):
        if entry.has_content and entry.link:
            target = found.get(entry.link)
            if target is None:
                continue
            entry.size = target[0].size
            if order[entry.link] > at:
                entry.link, offset = "", target[1]
        result.append((entry, offset))
    return result


def _stat(member: tarfile.TarInfo, path: str) -> Stat:
    mode = packets.go_mode(_KINDS.get(member.type, 0o100000) | member.mode)
    link = member.linkname if member.issym() or member.islnk() else ""
    return Stat(
        path,
        mode,
        member.uid,
        member.gid,
        member.size if member.isreg() else 0,
        int(member.mtime * _SECOND),
        link.strip("/").removeprefix("./") if member.islnk() else link,
        member.devmajor if member.isdev() else 0,
        member.devminor if member.isdev() else 0,
    )
