"""The receiving end of the file-sync stream: what it makes, and what it lets nobody make."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxship.builder.buildkit import packets
from boxship.builder.buildkit.packets import Packet, Stat
from boxship.engine.buildkit.entries import EntriesFile
from boxship.engine.buildkit.mirror import Mirror
from boxship.wire.protobuf import DecodeError

DIRECTORY, LINK, DEVICE, SOCKET, SETUID = 1 << 31, 1 << 27, 1 << 26, 1 << 24, 1 << 23
TIME = 1_600_000_000_123_456_789


def directory(path: str, mode: int = 0o755) -> Stat:
    return Stat(path, DIRECTORY | mode, modified=TIME)


def file(path: str, content: bytes = b"", mode: int = 0o644, link: str = "") -> Stat:
    return Stat(path, mode, size=len(content), modified=TIME, link=link)


def link(path: str, target: str) -> Stat:
    return Stat(path, LINK | 0o777, modified=TIME, link=target)


def entries_of(root: Path) -> EntriesFile:
    return EntriesFile(root.with_name(f"{root.name}.entries"))


def mirror_of(root: Path) -> Mirror:
    return Mirror(root, entries_of(root))


def send(root: Path, entries: list[Stat], contents: dict[str, bytes]) -> list[str]:
    """Play the client; the paths whose content was asked for."""
    mirror = mirror_of(root)
    return _play(mirror, entries, contents)


def state_after(root: Path, entries: list[Stat], contents: dict[str, bytes] | None = None) -> str:
    """As :func:`send`, and remembered for the next time; how the tree is called then."""
    mirror = mirror_of(root)
    _play(mirror, entries, contents or {})
    mirror.keep()
    return mirror.state


def _play(mirror: Mirror, entries: list[Stat], contents: dict[str, bytes]) -> list[str]:
    stats = [Packet(packets.STAT, entry).encode() for entry in entries]
    asked = []
    try:
        answers = mirror.take([*stats, packets.END_OF_STATS])
        for answer in answers:
            packet = packets.read(answer)
            if packet.type == packets.REQUEST:
                path = entries[packet.id].path
                asked.append(path)
                data = contents[path]
                pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]
                mirror.take([packets.content(packet.id, piece) for piece in (*pieces, b"")])
        assert mirror.finished
    finally:
        mirror.close()
    return asked


def test_a_tree_becomes_the_clients(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o755)
    big = bytes(range(256)) * 40
    entries = [
        directory("d", 0o750),
        file("d/f", big, SETUID | 0o755),
        directory("d/sub"),
        link("d/sub/l", "../../f"),
        file("f", b"x", 0o600),
        file("same", b"x", link="f"),
        Stat("s", SOCKET | 0o755),
        Stat("z", DEVICE | 0o666),
    ]
    assert send(tmp_path, entries, {"d/f": big, "f": b"x"}) == ["d/f", "f"]
    assert (tmp_path / "d/f").read_bytes() == big
    assert stat.S_IMODE((tmp_path / "d/f").stat().st_mode) == 0o4755
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o750
    assert (tmp_path / "d").stat().st_mtime_ns == (tmp_path / "f").stat().st_mtime_ns == TIME
    assert os.readlink(tmp_path / "d/sub/l") == "../../f"
    assert (tmp_path / "same").stat().st_ino == (tmp_path / "f").stat().st_ino
    assert not (tmp_path / "s").exists() and not (tmp_path / "z").exists()


def test_what_has_not_changed_is_not_asked_for_again(tmp_path: Path) -> None:
    entries = [directory("d"), file("d/a", b"1"), file("d/b", b"2")]
    send(tmp_path, entries, {"d/a": b"1", "d/b": b"2"})
    assert send(tmp_path, entries, {}) == []
    entries[2] = file("d/b", b"22")
    assert send(tmp_path, entries, {"d/b": b"22"}) == ["d/b"]
    # Kinds change, names go.
    entries = [file("d", b"3"), link("e", "d")]
    send(tmp_path, entries, {"d": b"3"})
    assert sorted(os.listdir(tmp_path)) == ["d", "e"]
    send(tmp_path, [directory("d"), directory("e"), file("e/x")], {"e/x": b""})
    assert (tmp_path / "e").is_dir() and not (tmp_path / "e").is_symlink()


def test_a_transfer_that_broke_off_is_made_good(tmp_path: Path) -> None:
    mirror = mirror_of(tmp_path)
    entry = file("a", b"whole")
    mirror.take([Packet(packets.STAT, entry).encode(), packets.content(0, b"whole")])
    mirror.close()
    assert send(tmp_path, [entry], {"a": b"whole"}) == ["a"]


@pytest.mark.parametrize(
    "entries",
    [
        [file("../out")],
        [file("/etc/passwd")],
        [file("/f")],
        [file("a/b")],
        [link("a", "/etc"), file("a/passwd")],
        [file("f"), file("f/x")],
        [directory("d"), link("d/..", "/")],
        [directory("d"), file("d/.")],
        [directory("d"), file("d//x")],
        [file("")],
        [file("a\0b")],
        [file("a"), file("a")],
        [directory("d"), link("d", "/"), file("d/x")],
        [file("a", link="../out")],
        [link("l", "/etc"), file("a", link="l/passwd")],
        [link("l", "/etc/passwd"), file("a", link="l")],
        [directory("d"), file("a", link="d")],
    ],
)
def test_no_path_leads_out(tmp_path: Path, entries: list[Stat]) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "out").write_text("untouched")
    contents = {entry.path: b"evil" for entry in entries}
    with pytest.raises(DecodeError):
        send(root, entries, contents)
    assert (tmp_path / "out").read_text() == "untouched"
    assert sorted(os.listdir(tmp_path)) == ["out", "root"]


def later(entry: Stat) -> Stat:
    return replace(entry, modified=TIME + 1)


BIG = bytes(range(256)) * 20
FILES = {"d/a": b"1", "d/b": BIG, "f": b"x"}
TREE = [
    directory("d"),
    file("d/a", b"1"),
    file("d/b", BIG),
    link("d/l", "a"),
    directory("e"),
    file("e/empty"),
    file("f", b"x"),
    file("same", b"x", link="f"),
]


def test_the_state_goes_with_content_and_not_with_times(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    first = state_after(root, TREE, FILES | {"e/empty": b""})
    node = (root / "d/b").stat().st_ino
    assert first and state_after(root, TREE) == first
    touched = [TREE[0], TREE[1], later(TREE[2]), later(TREE[3]), later(TREE[4]), *TREE[5:]]
    assert state_after(root, touched, FILES) == first
    after = (root / "d/b").stat()
    assert (after.st_ino, after.st_mtime_ns) == (node, TIME + 1)
    assert (root / "d").stat().st_mtime_ns == TIME
    assert (root / "e").stat().st_mtime_ns == TIME + 1
    assert state_after(root, touched) == first

    other = BIG[:-1] + b"!"
    changed = replace(TREE[2], modified=TIME + 2)
    assert state_after(root, [*TREE[:2], changed, *TREE[3:]], {"d/b": other}) != first
    assert (root / "d/b").read_bytes() == other
    assert (root / "d").stat().st_mtime_ns == TIME


@pytest.mark.parametrize(
    "entries",
    [
        [replace(TREE[0], mode=DIRECTORY | 0o700), *TREE[1:]],
        [TREE[0], file("d/a", b"1", 0o755), *TREE[2:]],
        [TREE[0], file("d/a", b"22"), *TREE[2:]],
        [TREE[0], link("d/a", "b"), *TREE[2:]],
        [*TREE[:3], link("d/l", "b"), *TREE[4:]],
        [TREE[0], *TREE[2:]],
        [*TREE[:4], *TREE[6:]],
        TREE[4:],
        TREE[:7],
        [*TREE[:6], file("f", b"x"), file("same", b"x")],
        [*TREE, file("z", b"z")],
        [*TREE[:5], directory("e/empty"), *TREE[6:]],
        [TREE[0], Stat("d/a", SOCKET | 0o755), *TREE[2:]],
        [],
    ],
)
def test_whatever_changes_gives_another_state(tmp_path: Path, entries: list[Stat]) -> None:
    """And the tree is as one that is received from nothing."""
    contents = FILES | {"e/empty": b"", "z": b"z", "same": b"x"}
    contents |= {"d/a": b"22"} if any(entry.size == 2 for entry in entries) else {}
    root, fresh = tmp_path / "root", tmp_path / "fresh"
    root.mkdir()
    fresh.mkdir()
    first = state_after(root, TREE, FILES | {"e/empty": b""})
    second = state_after(root, entries, contents)
    assert second != first and state_after(root, entries, contents) == second
    send(fresh, entries, contents)
    assert described(root) == described(fresh)


def described(root: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        data = path.read_bytes() if path.is_file() else b""
        times = (status.st_mtime_ns, status.st_nlink)
        found[str(path.relative_to(root))] = (stat.filemode(status.st_mode), data, times)
    return found


@pytest.mark.parametrize("rest", [[], [file("d/link", b"xx", link="d/f")], [file("e", b"x")]])
def test_what_is_as_it_was_is_not_looked_at(tmp_path: Path, rest: list[Stat]) -> None:
    """But what is missing, new, or has several names."""
    entries = [directory("d"), file("d/f", b"xx"), link("l", "d")]
    root = tmp_path / "tree"
    root.mkdir()
    state = state_after(root, [*entries, *rest], {"d/f": b"xx", "e": b"x"})
    rows = [Packet(packets.STAT, entry).encode() for entry in entries]
    mirror = mirror_of(root)
    root.rename(tmp_path / "away")
    assert mirror.skim([*rows, packets.END_OF_STATS]) == len(rows)
    assert mirror.confirm([packets.END_OF_STATS, b""]) == []
    answers = mirror.confirm([packets.END_OF_STATS])
    assert answers == ([] if rest else [packets.FINISHED])
    assert mirror.finished == (not rest) and (mirror.state == state) == (not rest)
    other = mirror_of(root)
    other.skim(rows[:2])
    assert other.confirm([packets.END_OF_STATS]) == []


def test_what_broke_off_is_looked_at_again(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    first = state_after(root, TREE, FILES | {"e/empty": b""})
    mirror = mirror_of(root)
    mirror.take([Packet(packets.STAT, file("d2")).encode()])
    mirror.close()
    assert not entries_of(root).load().rows
    assert state_after(root, TREE, {"f": b"x"}) != first
    assert not (root / "d2").exists()


def test_what_another_boot_has_written_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    state_after(root, TREE, FILES | {"e/empty": b""})
    assert entries_of(root).load().rows
    with monkeypatch.context() as patch:
        patch.setattr("boxship.engine.buildkit.entries.boot_id", lambda: "x" * 36)
        assert not entries_of(root).load().rows
    file = root.with_name("root.entries")
    file.write_bytes(file.read_bytes()[:-1])
    assert not entries_of(root).load().rows


@pytest.mark.parametrize(
    "order",
    [
        # A directory becomes a link, and what was in it is said to be there as it was.
        [link("d", "/etc"), TREE[0], file("d/passwd")],
        [TREE[0], link("d", "/etc"), file("d/passwd")],
        [link("d", "/etc"), directory("d/sub"), file("d/sub/x")],
        [link("d", "/etc"), TREE[1], file("d/passwd")],
        [TREE[0], TREE[1], link("d/a", "/etc")],
        [TREE[0], TREE[0]],
    ],
)
def test_no_known_entry_leads_out(tmp_path: Path, order: list[Stat]) -> None:
    root = tmp_path / "root"
    root.mkdir()
    known = [TREE[0], TREE[1], directory("d/sub"), file("d/sub/f")]
    state_after(root, known, {"d/a": b"1", "d/sub/f": b""})
    with pytest.raises(DecodeError, match="invalid path"):
        send(root, order, {"d/passwd": b"evil", "d/sub/x": b"evil"})


def test_nothing_is_removed_behind_a_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "a").write_text("untouched")
    state_after(root, [directory("d"), file("d/a", b"1")], {"d/a": b"1"})
    state_after(root, [link("d", str(outside))])
    state_after(root, [directory("d")])
    assert (outside / "a").read_text() == "untouched"


def test_content_that_nobody_asked_for(tmp_path: Path) -> None:
    for data in (packets.content(7, b"x"), packets.content(0, b"x")):
        with pytest.raises(DecodeError, match="nobody asked"):
            mirror_of(tmp_path).take([Packet(packets.STAT, directory("d")).encode(), data])
    error = Packet(packets.ERROR, data=b"it broke").encode()
    with pytest.raises(DecodeError, match="it broke"):
        mirror_of(tmp_path).take([error])


names = st.text(st.sampled_from("ab./\0é\udcff"), max_size=5)
stats = st.builds(
    Stat,
    names,
    st.sampled_from([DIRECTORY | 0o755, LINK | 0o777, 0o644, 0o4777, SOCKET, DEVICE]),
    size=st.integers(-1, 5),
    modified=st.integers(-(1 << 63), (1 << 63) - 1),
    link=names,
)
parts = st.one_of(
    st.builds(lambda entry: Packet(packets.STAT, entry).encode(), stats),
    st.builds(packets.content, st.integers(0, 5), st.binary(max_size=5)),
    st.just(packets.END_OF_STATS),
    st.just(packets.FINISHED),
    st.binary(max_size=20),
)


@settings(max_examples=150, deadline=None)
@given(batches=st.lists(st.lists(parts, max_size=12), min_size=1, max_size=3))
def test_any_streams_are_taken_or_refused(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[bytes]]
) -> None:
    place = tmp_path_factory.mktemp("mirror")
    root = place / "root"
    root.mkdir()
    for batch in batches:
        mirror = mirror_of(root)
        try:
            mirror.take(batch)
            if mirror.finished:
                mirror.keep()
        except (DecodeError, OSError):
            pass
        finally:
            mirror.close()
    assert {*os.listdir(place)} <= {"root", "root.entries"}


@given(stats)
def test_entries_read_the_quick_way_are_the_same(entry: Stat) -> None:
    data = Packet(packets.STAT, entry, 3, b"x").encode()
    assert packets.read(data) == Packet.decode(data)


@pytest.mark.parametrize("mode", [0o100644, 0o104755, 0o42775, 0o41777, 0o120777, 0o10600])
def test_modes_are_gos_and_back(mode: int) -> None:
    entry = Stat("x", packets.go_mode(mode))
    assert entry.permissions == stat.S_IMODE(mode)
    assert entry.is_directory == stat.S_ISDIR(mode)
    assert entry.is_symlink == stat.S_ISLNK(mode)
    assert entry.has_content == stat.S_ISREG(mode)


def test_what_goes_away_may_be_as_deep_as_it_likes(tmp_path: Path) -> None:
    """Deeper than the interpreter has frames, in a place where a file is to be."""
    depth = 1500
    entries = [directory("/".join(["d"] * count)) for count in range(1, depth)]
    send(tmp_path, entries, {})
    send(tmp_path, [file("d", b"1")], {"d": b"1"})
    assert (tmp_path / "d").read_bytes() == b"1"


def test_entries_without_end_are_not_all_remembered(tmp_path: Path) -> None:
    mirror = mirror_of(tmp_path)
    mirror._room = 10_000
    entries = [Packet(packets.STAT, file(f"f{number}")).encode() for number in range(1000)]
    with pytest.raises(DecodeError, match="too many files"):
        mirror.take(entries)
    mirror.close()
