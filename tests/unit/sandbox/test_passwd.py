"""Users and groups out of an image's own files, hostile ones included."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.sandbox import passwd
from boxship.sandbox.failure import StageError

PASSWD = b"root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1001:g:/home/guest:/bin/sh\nbare:x:7:8::\n"
GROUP = b"root:x:0:\nguest:x:1001:\naudio:x:29:guest,other\nvideo:x:44:other,guest\n"
GROUP += b"wheel:x:10:root\n"


def resolve(text: str, *groups: str) -> tuple[int, int, str, list[int]]:
    user = passwd.resolve(text, list(groups), PASSWD, GROUP)
    return user.uid, user.gid, user.home, user.groups


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0, 0, "/root", [0, 10])),
        ("root", (0, 0, "/root", [0, 10])),
        ("guest", (1000, 1001, "/home/guest", [1001, 29, 44])),
        ("1000", (1000, 1001, "/home/guest", [1001, 29, 44])),
        ("guest:audio", (1000, 29, "/home/guest", [29])),
        ("guest:4242", (1000, 4242, "/home/guest", [4242])),
        ("4242", (4242, 0, "/", [0])),
        ("4242:4343", (4242, 4343, "/", [4343])),
        ("bare", (7, 8, "/", [8])),
        (":audio", (0, 29, "/root", [29])),
    ],
)
def test_a_user_is_found_as_docker_finds_it(
    text: str, expected: tuple[int, int, str, list[int]]
) -> None:
    assert resolve(text) == expected


def test_groups_that_were_added_come_after_the_users_own() -> None:
    assert resolve("guest", "wheel", "777") == (1000, 1001, "/home/guest", [1001, 29, 44, 10, 777])
    assert resolve("guest:guest", "audio") == (1000, 1001, "/home/guest", [1001, 29])


@pytest.mark.parametrize(
    ("text", "groups", "message"),
    [
        ("nobody", [], "unable to find user nobody: no matching entries in passwd file"),
        ("root:nogroup", [], "unable to find group nogroup: no matching entries in group file"),
        ("root", ["nogroup"], "Unable to find group nogroup: no matching entries in group file"),
        ("-1", [], "unable to find user -1: no matching entries in passwd file"),
        ("2147483648", [], "uids and gids must be in range 0-2147483647"),
        ("0:2147483648", [], "uids and gids must be in range 0-2147483647"),
    ],
)
def test_what_is_not_there_is_refused_in_dockers_words(
    text: str, groups: list[str], message: str
) -> None:
    with pytest.raises(StageError, match=message):
        passwd.resolve(text, groups, PASSWD, GROUP)


def test_only_a_line_feed_ends_a_row() -> None:
    """A comment field may hold what Python, but not libc, takes for the end of a line."""
    for separator in ("\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\r"):
        rows = f"a:x:5:5:x{separator}evil:x:0:0::/:\nb:x:6:6:::\n".encode()
        assert passwd.resolve("b", [], rows, b"").uid == 6
        with pytest.raises(StageError):
            passwd.resolve("evil", [], rows, b"")


def test_numbers_are_ascii_digits_only() -> None:
    with pytest.raises(StageError, match="unable to find user"):
        passwd.resolve("\u0661\u0662", [], PASSWD, GROUP)


fields = st.text(st.characters(blacklist_characters=":\n", codec="utf-8"), max_size=8)
rows = st.lists(st.lists(fields, max_size=9).map(":".join), max_size=8).map("\n".join)


@given(rows.map(str.encode) | st.binary(max_size=200), st.binary(max_size=200), fields)
def test_any_files_give_a_user_or_a_stage_error(content: bytes, group: bytes, name: str) -> None:
    try:
        user = passwd.resolve(name, [], content, group)
    except StageError:
        return
    assert 0 <= user.uid < 1 << 31 and 0 <= user.gid < 1 << 31
    assert all(0 <= gid < 1 << 31 for gid in user.groups)


@given(st.integers(0, (1 << 31) - 1), st.integers(0, (1 << 31) - 1))
def test_numbers_need_no_files(uid: int, gid: int) -> None:
    user = passwd.resolve(f"{uid}:{gid}", [], b"", b"")
    assert (user.uid, user.gid, user.home, user.groups) == (uid, gid, "/", [gid])
