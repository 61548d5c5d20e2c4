"""Whose subordinate ids are the users of containers."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.daemon.subordinate_ids import parse, remapped_users


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    uid, gid = tmp_path / "subuid", tmp_path / "subgid"
    uid.write_text("# users\nnobody:300000:10\nother:1:2\nnobody:100000:5\n\n")
    gid.write_text("nogroup:200000:65536\n")
    return uid, gid


def test_ranges_follow_each_other(files: tuple[Path, Path]) -> None:
    found = remapped_users("nobody:nogroup", *files)
    assert found.uid == ((0, 100_000, 5), (5, 300_000, 10))
    assert found.gid == ((0, 200_000, 65_536),)
    assert found.root == (100_000, 200_000)


def test_ids_in_place_of_names(files: tuple[Path, Path]) -> None:
    assert remapped_users("65534:65534", *files) == remapped_users("nobody:nogroup", *files)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:b:c", "invalid user/group specification in --userns-remap: 'a:b:c'"),
        (":x", "invalid user/group specification in --userns-remap: ':x'"),
        ("no-such-user", "Error during username lookup for 'no-such-user': no such user in "),
        ("nobody:no-such", "Error during groupname lookup for 'no-such': no such group in "),
        ("4294967299", "Error during uid lookup for '4294967299': no such user in "),
        ("root:root", "Can't create ID mappings: no subuid ranges found for 'root' in "),
    ],
)
def test_refusals(files: tuple[Path, Path], text: str, message: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        remapped_users(text, *files)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    "line", ["a:1", "a:1:2:3", "a:x:1", "a:1:-1", "a:1:0", "a:4294967294:2", "a:\u0661:1"]
)
def test_malformed_lines_are_named(line: str) -> None:
    with pytest.raises(InvalidParameter, match=r"^/etc/subuid:2: "):
        parse(f"good:1:1\n{line}\n", "/etc/subuid")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("nobody:0:65536\n", "contains root: 0"),
        ("nobody:100:50\nnobody:149:10\n", "overlap at 149"),
        ("nobody:100:50\n65534:120:1\n", "overlap at 120"),
        ("".join(f"nobody:{n}:1\n" for n in range(1, 700, 2)), "more than 340 ranges"),
    ],
)
def test_ranges_that_no_namespace_can_have(
    files: tuple[Path, Path], rows: str, message: str
) -> None:
    """Refused as the daemon starts, instead of with each container, or not at all."""
    files[0].write_text(rows)
    with pytest.raises(InvalidParameter, match=message):
        remapped_users("nobody:nogroup", *files)


@given(st.text(max_size=60))
def test_any_text_is_rows_or_refused(text: str) -> None:
    try:
        rows = parse(text, "f")
    except InvalidParameter:
        return
    assert all(first >= 0 and length >= 1 for _, first, length in rows)


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 9), st.integers(1, 9))))
def test_what_is_written_is_read(rows: list[tuple[str, int, int]]) -> None:
    text = "".join(f"{owner}:{first}:{length}\n" for owner, first, length in rows)
    assert parse(text, "f") == rows
