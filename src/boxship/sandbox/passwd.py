"""Users and groups by the image's own files, parsed by us: NSS would load the image's libraries."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from boxship.sandbox.failure import StageError

_MAX_ID = (1 << 31) - 1


@dataclass(slots=True)
class User:
    uid: int = 0
    gid: int = 0
    home: str = "/"
    groups: list[int] = field(default_factory=list)


def _rows(content: bytes, columns: int) -> Iterator[list[str]]:
    for line in content.decode("utf-8", "surrogateescape").split("\n"):
        parts = line.strip().split(":")
        if len(parts) >= columns and not line.startswith("#"):
            yield parts


def _number(text: str) -> int | None:
    if not text.isascii() or not text.isdigit():
        return None
    number = int(text)
    if number > _MAX_ID:
        raise StageError("uids and gids must be in range 0-2147483647")
    return number


def _find_user(name: str, passwd: bytes) -> tuple[User, str | None]:
    """The user called *name* (a name or a number) and the name it has in the image."""
    number = _number(name)
    for parts in _rows(passwd, 4):
        if parts[0] == name or (number is not None and parts[2] == name):
            home = parts[5] if len(parts) > 5 and parts[5] else "/"
            return User(_number(parts[2]) or 0, _number(parts[3]) or 0, home), parts[0]
    if number is None:
        raise StageError(f"unable to find user {name}: no matching entries in passwd file")
    return User(number, 0), None


def find_group(name: str, group: bytes) -> int:
    """The gid of *name*, a name or a number."""
    number = _number(name)
    for parts in _rows(group, 3):
        if parts[0] == name or (number is not None and parts[2] == name):
            return _number(parts[2]) or 0
    if number is None:
        raise StageError(f"unable to find group {name}: no matching entries in group file")
    return number


def _memberships(user: str, group: bytes) -> list[int]:
    return [_number(parts[2]) or 0 for parts in _rows(group, 4) if user in parts[3].split(",")]


def resolve(text: str, extra_groups: list[str], passwd: bytes, group: bytes) -> User:
    """The credentials for ``user[:group]``; supplementary groups only if no group is named.

    The primary group is among the supplementary ones, as Docker has it.
    """
    name, _, group_name = text.partition(":")
    user, known_as = _find_user(name or "0", passwd)
    if group_name:
        user.gid = find_group(group_name, group)
    elif known_as is not None:
        user.groups = _memberships(known_as, group)
    for extra in extra_groups:
        try:
            user.groups.append(find_group(extra, group))
        except StageError as error:
            raise StageError(f"U{str(error)[1:]}") from None
    user.groups = [*dict.fromkeys([user.gid, *user.groups])]
    return user
