"""``--chown`` and ``--chmod``: whose the copied files are, and what may be done with them."""

import re
from dataclasses import dataclass
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.sandbox import passwd
from boxship.sandbox.failure import StageError
from boxship.sandbox.workers.accounts import accounts

_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=][rwxXst]*)+)\Z")
_SHIFTS = {"u": 6, "g": 3, "o": 0}
_BITS = {"r": 4, "w": 2, "x": 1}


@dataclass(frozen=True, slots=True)
class Owner:
    """*uid* and *gid* None keep the source's; *chmod* is octal or symbolic (chmod(1))."""

    uid: int | None
    gid: int | None
    chmod: str = ""

    def ids(self, uid: int, gid: int) -> tuple[int, int]:
        return (uid if self.uid is None else self.uid, gid if self.gid is None else self.gid)

    def mode(self, mode: int, is_dir: bool) -> int:
        if not self.chmod:
            return mode
        if self.chmod.isdigit():
            return int(self.chmod, 8)
        return symbolic(self.chmod, mode, is_dir)


def owner_of(action: dict[str, Any], root: int | None) -> Owner:
    """*root* is where the names of users and groups are looked up."""
    chmod = action.get("chmod", "")
    if chmod:
        check_mode(chmod)
    text = action.get("chown", "")
    if not text:
        keep = action.get("owners")
        return Owner(None if keep else 0, None if keep else 0, chmod)
    name, _, group = text.partition(":")
    users, groups = accounts(root) if root is not None else (b"", b"")
    try:
        if name.isascii() and name.isdigit():
            uid = gid = passwd.resolve(name, [], b"", b"").uid
        else:
            user = passwd.resolve(name, [], users, groups)
            uid, gid = user.uid, user.gid
        if group:
            gid = passwd.find_group(group, groups)
    except StageError as error:
        kind, unknown = ("group", group) if "group" in str(error) else ("user", name)
        raise InvalidParameter(
            "unable to convert uid/gid chown string to host mapping: can't find "
            f"{kind[0]}id for {kind} {unknown}: no such {kind}: {unknown}"
        ) from None
    return Owner(uid, gid, chmod)


def check_mode(text: str) -> None:
    """:class:`InvalidParameter` for what chmod(1) would not take."""
    octal = re.fullmatch(r"[0-7]{1,5}", text) is not None and int(text, 8) <= 0o7777
    if not octal and not all(_CLAUSE.match(clause) for clause in text.split(",")):
        raise InvalidParameter(
            f"invalid chmod parameter: '{text}'. it should be octal string and between 0 and 07777"
        )


def symbolic(text: str, mode: int, is_dir: bool) -> int:
    """*mode* after the clauses of *text*, such as ``u+x,go-w`` or ``a=rX``."""
    for clause in text.split(","):
        match = _CLAUSE.match(clause)
        assert match is not None
        who = match[1].replace("a", "ugo") or "ugo"
        for operator, letters in re.findall(r"([-+=])([rwxXst]*)", match[2]):
            mode = _changed(mode, who, operator, letters, is_dir)
    return mode


def _changed(mode: int, who: str, operator: str, letters: str, is_dir: bool) -> int:
    bits = special = 0
    for letter in letters:
        if letter == "X" and (is_dir or mode & 0o111):
            bits |= 1
        bits |= _BITS.get(letter, 0)
        if letter == "s":
            special |= (0o4000 if "u" in who else 0) | (0o2000 if "g" in who else 0)
        if letter == "t":
            special |= 0o1000
    value = special
    mask = 0
    for each in set(who):
        value |= bits << _SHIFTS[each]
        mask |= 7 << _SHIFTS[each]
    if operator == "+":
        return mode | value
    if operator == "-":
        return mode & ~value
    return (mode & ~mask) | value
