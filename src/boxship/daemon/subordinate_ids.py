"""``--userns-remap``: whose subordinate ids (subuid(5), subgid(5)) are the users of containers."""

import grp
import pwd
import subprocess
from collections.abc import Iterable
from pathlib import Path

from boxship.base.errors import InvalidParameter
from boxship.engine.options import Mappings

DEFAULT_USER = "dockremap"
_FIRST, _LENGTH, _LAST = 100_000, 65_536, 2**32 - 2
# UID_GID_MAP_MAX_EXTENTS in linux/user_namespace.h
_MOST_ROWS = 340
_UID_FILE, _GID_FILE = Path("/etc/subuid"), Path("/etc/subgid")
Row = tuple[int, int, int]


def remapped_users(text: str, uid_file: Path = _UID_FILE, gid_file: Path = _GID_FILE) -> Mappings:
    """Mappings for *text*: ``default``, ``user``, ``user:group``, or ids in their place.

    ``default`` is the user dockremap, who is made, with free ids, where he is missing.
    :class:`InvalidParameter` in dockerd's words where it has some.
    """
    user, group = _names(text)
    if text == "default":
        _make_default(uid_file, gid_file)
    return Mappings(
        _mapping(uid_file, user, str(_uid(user)), "subuid"),
        _mapping(gid_file, group, str(_gid(group)), "subgid"),
    )


def _names(text: str) -> tuple[str, str]:
    if text == "default":
        return DEFAULT_USER, DEFAULT_USER
    parts = text.split(":")
    if len(parts) > 2 or not all(parts):
        raise InvalidParameter(
            f"invalid user/group specification in --userns-remap: {text!r}"
            if text
            else "userns-remap: no user is named"
        )
    return _user_name(parts[0]), _group_name(parts[1] if len(parts) == 2 else parts[0])


def _user_name(text: str) -> str:
    try:
        return (pwd.getpwuid(int(text)) if text.isdigit() else pwd.getpwnam(text)).pw_name
    except (KeyError, OverflowError):
        kind = "uid" if text.isdigit() else "username"
        raise InvalidParameter(
            f"Error during {kind} lookup for {text!r}: no such user in /etc/passwd"
        ) from None


def _group_name(text: str) -> str:
    try:
        return (grp.getgrgid(int(text)) if text.isdigit() else grp.getgrnam(text)).gr_name
    except (KeyError, OverflowError):
        kind = "gid" if text.isdigit() else "groupname"
        raise InvalidParameter(
            f"Error during {kind} lookup for {text!r}: no such group in /etc/group"
        ) from None


def _uid(name: str) -> int:
    return pwd.getpwnam(name).pw_uid


def _gid(name: str) -> int:
    return grp.getgrnam(name).gr_gid


def parse(text: str, path: str) -> list[tuple[str, int, int]]:
    """``owner:first:length`` lines. :class:`InvalidParameter` names the one that is malformed."""
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        parts = line.split(":")
        numbers = [part for part in parts[1:] if part.isascii() and part.isdigit()]
        if len(parts) != 3 or len(numbers) != 2:
            raise InvalidParameter(f"{path}:{number}: not of the form owner:first:count: {line!r}")
        first, length = map(int, numbers)
        if length < 1 or first + length - 1 > _LAST:
            raise InvalidParameter(f"{path}:{number}: no such range of ids: {line!r}")
        rows.append((parts[0], first, length))
    return rows


def _read(path: Path) -> list[tuple[str, int, int]]:
    try:
        return parse(path.read_text(), str(path))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeError) as error:
        raise InvalidParameter(f"cannot read {path}: {error}") from None


def _mapping(path: Path, name: str, number: str, kind: str) -> tuple[Row, ...]:
    """All ranges of the owner one after the other, so that the first begins with root.

    :class:`InvalidParameter` for what would make containers' users the host's own root, and what
    the kernel would refuse only as a container starts (user_namespaces(7)).
    """
    found: list[Row] = []
    inside = 0
    for owner, first, length in sorted(set(_read(path)), key=lambda row: row[1]):
        if owner in (name, number):
            if first == 0:
                raise InvalidParameter(f"{path}: the range of {owner!r} contains root: {first}")
            if found and first < found[-1][1] + found[-1][2]:
                raise InvalidParameter(f"{path}: ranges of {owner!r} overlap at {first}")
            found.append((inside, first, length))
            inside += length
    if len(found) > _MOST_ROWS:
        raise InvalidParameter(f"{path}: {name!r} has more than {_MOST_ROWS} ranges")
    if not found:
        raise InvalidParameter(
            f"Can't create ID mappings: no {kind} ranges found for {name!r} in {path}"
        )
    return tuple(found)


def _make_default(uid_file: Path, gid_file: Path) -> None:
    """The user dockremap with a range of ids of each kind, as dockerd makes it."""
    try:
        pwd.getpwnam(DEFAULT_USER)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--shell", "/bin/false", DEFAULT_USER]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", "") or error
            raise InvalidParameter(
                f"Error during {DEFAULT_USER!r} user creation: {reason}"
            ) from None
    for path in (uid_file, gid_file):
        rows = _read(path)
        if all(owner != DEFAULT_USER for owner, _, _ in rows):
            line = f"{DEFAULT_USER}:{_free((first, length) for _, first, length in rows)}:{_LENGTH}"
            with path.open("a") as file:
                file.write(f"{line}\n")


def _free(taken: Iterable[tuple[int, int]]) -> int:
    """The first id of a range that overlaps no other."""
    start = _FIRST
    for first, length in sorted(taken):
        if first < start + _LENGTH and start < first + length:
            start = first + length
    if start + _LENGTH - 1 > _LAST:
        raise InvalidParameter("no free range of subordinate ids is left")
    return start
