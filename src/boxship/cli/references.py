"""Image names as the user types them."""

from __future__ import annotations

from boxship.base.errors import InvalidParameter
from boxship.client.errors import daemon_message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.base.errors import BoxshipError


def split_reference(name: str) -> tuple[str, str]:
    """Repository and tag (or digest) of ``repo``, ``repo:tag`` and ``repo@digest``; "" if none."""
    repository, at, digest = name.partition("@")
    if at:
        return repository, digest
    repository, colon, tag = name.rpartition(":")
    # A colon before the last slash belongs to a registry's port.
    return (repository, tag) if colon and "/" not in tag else (name, "")


def checked_name(name: str) -> tuple[str, str]:
    """Repository and tag for a name that an image shall get; :class:`InvalidParameter` where the
    tag cannot be one. The daemon judges the repository."""
    repository, tag = split_reference(name)
    letters = tag.replace("-", "_").replace(".", "_").replace("_", "a")
    good = not tag or (letters.isascii() and letters.isalnum())
    several = ":" in repository.rpartition("/")[2]
    if several or name.endswith(":") or not (good or "@" in name):
        raise InvalidParameter("invalid reference format")
    return repository, tag


def reference_error(error: BoxshipError) -> str:
    """What is wrong with a name, as the client's own finding; other errors as they are."""
    said = daemon_message(error)
    return said if said.startswith(_ABOUT_NAMES) else str(error)


_ABOUT_NAMES = ("invalid reference format", "invalid repository name")


def with_default_tag(name: str) -> str:
    """*name* as messages show it: ``busybox`` is ``busybox:latest``."""
    return name if split_reference(name)[1] else f"{name}:latest"
