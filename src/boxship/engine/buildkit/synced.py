"""Small files of a client's directory that are only read: the Dockerfile, and what is ignored."""

from pathlib import Path

from boxship.builder.buildkit import packets
from boxship.builder.buildkit.packets import Packet
from boxship.builder.context import EMPTY, read_files
from boxship.builder.machine import WorkRunner
from boxship.engine.buildkit import transfer
from boxship.engine.buildkit.sessions import Client, Session
from boxship.engine.buildkit.transfer import Told, Wanted
from boxship.wire.protobuf import DecodeError

_SMALL = 64 << 10


async def read_synced(
    session: Client, workers: WorkRunner, name: str, paths: list[str], place: Path, told: Told
) -> dict[str, str]:
    """The content of those *paths* that are regular files in the client's directory *name*.

    Plain small ones at its top, as nearly all are, stay in memory. Everything else goes into the
    directory *place*, which is made for that, and is a worker's task. GrpcError.
    """
    found = await _at_top(session, name, paths, told)
    if found is not None:
        return found
    await transfer.fetch(session, name, Wanted(tuple(paths)), place, told)
    tree = EMPTY | {"layers": [{"kind": "dir", "path": str(place / "tree")}]}
    return await read_files(workers, tree, paths)


async def _at_top(
    session: Client, name: str, paths: list[str], told: Told
) -> dict[str, str] | None:
    """None where there is more to it, or something is wrong. GrpcError."""
    assert isinstance(session, Session), "others are asked for no files"
    receiver = SmallFiles(paths)
    call = transfer.ask(session, name, Wanted(tuple(paths)))
    size = 0
    try:
        while not receiver.finished and (batch := await call.receive()):
            size += sum(map(len, batch))
            await call.send(receiver.take(batch), end=receiver.finished)
        if receiver.finished:
            call.leave()
    except DecodeError:
        return None
    finally:
        call.close()
    if not receiver.finished:
        return None
    told(size, True)
    return receiver.texts()


class SmallFiles:
    """The receiving end of the file-sync stream, for files *names* and nothing else."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._found: list[tuple[str, bytearray]] = []
        self._open: set[int] = set()
        self._all_known = False
        self.finished = False

    def take(self, batch: list[bytes]) -> list[bytes]:
        """What to answer. :class:`DecodeError` for anything but what the class is made for."""
        answers = []
        for data in batch:
            packet = packets.read(data)
            if packet.type == packets.STAT and packet.stat is not None:
                answers.append(self._announce(packet))
            elif packet.type == packets.STAT:
                self._all_known = True
            elif packet.type == packets.DATA:
                self._take_data(packet)
            elif packet.type == packets.ERROR:
                raise DecodeError("the client has failed")
        if self._all_known and not self._open and not self.finished:
            self.finished = True
            answers.append(packets.FINISHED)
        return answers

    def _announce(self, packet: Packet) -> bytes:
        entry = packet.stat
        assert entry is not None
        is_small = entry.has_content and not entry.link and entry.size < _SMALL
        known = [name for name, _ in self._found]
        if not is_small or self._all_known or entry.path not in self._names or entry.path in known:
            raise DecodeError("no small file")
        number = len(self._found)
        self._found.append((entry.path, bytearray()))
        self._open.add(number)
        return packets.request(number)

    def _take_data(self, packet: Packet) -> None:
        if packet.id not in self._open:
            raise DecodeError("content that nobody asked for")
        if not packet.data:
            self._open.discard(packet.id)
            return
        content = self._found[packet.id][1]
        content += packet.data
        if len(content) >= _SMALL:
            raise DecodeError("no small file")

    def texts(self) -> dict[str, str]:
        """By name."""
        return {name: data.decode("utf-8", "surrogateescape") for name, data in self._found}
