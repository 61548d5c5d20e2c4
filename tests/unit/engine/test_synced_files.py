"""Which files of a client's directory are taken from the stream itself, and which from a disk."""

import pytest

from boxship.builder.buildkit import packets
from boxship.builder.buildkit.packets import Packet, Stat
from boxship.engine.buildkit.synced import SmallFiles
from boxship.wire.protobuf import DecodeError

_NAMES = ["Dockerfile", "Dockerfile.dockerignore"]
_LARGE = 64 << 10


def _stat(path: str = "Dockerfile", mode: int = 0o644, **more: object) -> bytes:
    return Packet(packets.STAT, Stat(path, mode, **more)).encode()  # type: ignore[arg-type]


def _content(number: int, data: bytes) -> list[bytes]:
    return [packets.content(number, data), packets.content(number, b"")]


def test_small_files_come_in_any_order() -> None:
    files = SmallFiles(_NAMES)
    stats = [_stat(size=7), _stat("Dockerfile.dockerignore", size=2)]
    assert files.take([stats[0]]) == [packets.request(0)]
    assert files.take([stats[1], packets.END_OF_STATS]) == [packets.request(1)]
    assert files.take(_content(1, b"a\n")) == [] and not files.finished
    assert files.take([packets.content(0, b"FROM")]) == []
    assert files.take(_content(0, b" \xff\n")) == [packets.FINISHED] and files.finished
    assert files.texts() == {"Dockerfile": "FROM \udcff\n", "Dockerfile.dockerignore": "a\n"}
    assert files.take([packets.FINISHED]) == []


def test_there_may_be_none() -> None:
    files = SmallFiles([".dockerignore"])
    assert files.take([packets.END_OF_STATS]) == [packets.FINISHED]
    assert files.texts() == {}


@pytest.mark.parametrize(
    "batch",
    [
        [_stat(mode=1 << 27 | 0o777, link="other")],
        [_stat(link="other")],
        [_stat(mode=1 << 31 | 0o755)],
        [_stat(mode=1 << 25 | 0o644)],
        [_stat(size=_LARGE)],
        [_stat(), *_content(0, bytes(_LARGE))],
        [_stat("d/Dockerfile")],
        [_stat("other")],
        [_stat(), _stat()],
        [packets.END_OF_STATS, _stat()],
        [packets.content(0, b"x")],
        [_stat(), *_content(0, b"x"), packets.content(0, b"y")],
        [Packet(packets.ERROR, data=b"no").encode()],
        [b"\xff"],
    ],
)
def test_all_else_is_left_to_others(batch: list[bytes]) -> None:
    with pytest.raises(DecodeError):
        SmallFiles(_NAMES).take(batch)
