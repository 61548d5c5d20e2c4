"""The files of an archive, sent into a directory of the client's: the sending end of file-sync."""

import asyncio
import contextlib
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Part:
    """The files of *archive*, which lists directories before what is in them, below the directory
    *prefix*, "" for the top. *moment*: the time of all of them in seconds, 0 for their own."""

    archive: Path
    prefix: str = ""
    moment: int = 0

    def placed(self, member: tarfile.TarInfo) -> tarfile.TarInfo:
        """*member* as it is called and dated at the receiver."""
        moved = member.replace(deep=False)
        if self.prefix:
            moved.name = f"{self.prefix}/{member.name}"
            if member.islnk():
                moved.linkname = f"{self.prefix}/{member.linkname}"
        if self.moment:
            moved.mtime = self.moment
        # What these say is in the fields, or is the sender's alone.
        words = ("path", "linkpath", *(("mtime", "atime", "ctime") if self.moment else ()))
        moved.pax_headers = {k: v for k, v in member.pax_headers.items() if k not in words}
        return moved


@dataclass(slots=True)
class _Row:
    """An entry, and where its content lies."""

    stat: Stat
    file: BinaryIO
    offset: int


async def send(session: Session, parts: Sequence[Part], told: Told) -> None:
    """Everything in *parts*. GrpcError."""
    call = session.start(messages.SEND)
    with contextlib.ExitStack() as stack:
        stack.callback(call.close)
        try:
            files = [stack.enter_context(part.archive.open("rb")) for part in parts]
            entries = await asyncio.to_thread(_entries, parts, files)
            await _run(call, entries, told)
        except DecodeError as error:
            raise GrpcError(Code.UNKNOWN, f"the client is not understood: {error}") from None


async def _run(call: OpenCall, entries: list[_Row], told: Told) -> None:
    stats = [Packet(packets.STAT, entry.stat).encode() for entry in entries]
    stats.append(packets.END_OF_STATS)
    announcing = asyncio.ensure_future(_announce(call, stats))
    sent = 0
    try:
        while batch := await call.receive():
            for data in batch:
                packet = packets.read(data)
                if packet.type == packets.REQUEST:
                    sent += await _content(call, packet.id, entries)
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


async def _content(call: OpenCall, number: int, entries: list[_Row]) -> int:
    if not 0 <= number < len(entries):
        raise DecodeError(f"there is no file {number}")
    row = entries[number]
    row.file.seek(row.offset)
    left = row.stat.size
    while left:
        data = row.file.read(min(left, _PIECE))
        if not data:
            break
        left -= len(data)
        await call.send([packets.content(number, data)])
    await call.send([packets.content(number, b"")])
    return row.stat.size


def _entries(parts: Sequence[Part], files: Sequence[BinaryIO]) -> list[_Row]:
    """In the order that receivers insist on."""
    found: dict[str, _Row] = {}
    for part, file in zip(parts, files, strict=True):
        if part.prefix:
            mode = packets.go_mode(_KINDS[tarfile.DIRTYPE] | 0o755)
            found[part.prefix] = _Row(
                Stat(part.prefix, mode, 0, 0, 0, part.moment * _SECOND, "", 0, 0), file, 0
            )
        with tarfile.open(part.archive, "r:") as tar:
            for member in tar:
                moved = part.placed(member)
                path = moved.name.strip("/").removeprefix("./")
                if path and path != ".":
                    found[path] = _Row(_stat(moved, path), file, member.offset_data)
    return _in_order(found)


def _in_order(found: dict[str, _Row]) -> list[_Row]:
    rows = [(path.split("/"), row) for path, row in found.items()]
    rows.sort(key=lambda row: row[0])
    order = {row.stat.path: at for at, (_, row) in enumerate(rows)}
    # A name may only refer to one that comes before it; otherwise it becomes a file of its own.
    result = []
    for at, (_, row) in enumerate(rows):
        entry = row.stat
        if entry.has_content and entry.link:
            target = found.get(entry.link)
            if target is None:
                continue
            entry.size = target.stat.size
            if order[entry.link] > at:
                entry.link, row.offset = "", target.offset
        result.append(row)
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
