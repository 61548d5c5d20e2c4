"""Why a user may not use the daemon's socket, and what the user can do about it."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.client.endpoint import Endpoint


def refused(endpoint: Endpoint) -> str:
    """Return the message for a socket that this user may not connect to."""
    start = (
        f"permission denied while trying to connect to the Boxship daemon socket at {endpoint.text}"
    )
    return f"{start}: {remedy(endpoint.path)}"


def remedy(path: str) -> str:
    """Return how this user gets access to the socket at *path*."""
    group, members = _group_of(path)
    if not group:
        return "only root may use it: run the command with sudo"
    if _user() in members:
        return f"you have joined the group {group!r} since you logged in: log in again"
    return (
        f"it belongs to the group {group!r}. Join it with "
        f'"sudo usermod -aG {group} $USER" and log in again, or run the command with sudo'
    )


def _group_of(path: str) -> tuple[str, list[str]]:
    """Return name and members of the group that may write to *path*; "" if there is none."""
    import grp

    try:
        found = os.stat(path)
        entry = grp.getgrgid(found.st_gid)
    except (OSError, KeyError):
        return "", []
    usable = found.st_gid != 0 and found.st_mode & 0o020
    return (entry.gr_name, entry.gr_mem) if usable else ("", [])


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""
