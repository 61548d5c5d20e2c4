"""The context of a build for a Boxship on this machine: descriptors in place of content."""

from __future__ import annotations

import os

from boxship.base.errors import InvalidParameter
from boxship.cli.builds.handover import temporary_file
from boxship.cli.errors import Failed
from boxship.cli.files import read_chunks
from boxship.cli.pump import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.builds.handover import Handover

STDIN = "-"
_MAIN = "context"
# An address of the client's own: what it leads to is handed over, too.
_UPLOAD = "http://buildkit-session/context"
_REMOTE = ("http://", "https://", "git://", "git@", "ssh://", "github.com/")
_WEB = ("http://", "https://")
_DOCKERFILE = "Dockerfile"
_IGNORE = ".dockerignore"
_IMAGE = "docker-image://"
_LAYOUT = "oci-layout://"
_TARGET = "target:"
_LATEST = "latest"


def is_remote(place: str) -> bool:
    return place.startswith(_REMOTE)


def hand_over_context(handover: Handover, place: str, file: str) -> dict[str, str]:
    """*place* is a directory, an address or standard input, *file* the Dockerfile's name or "".
    The attributes that say so. :class:`Failed`."""
    if place == STDIN == file:
        raise Failed("invalid argument: can't use stdin for both build context and dockerfile")
    if place == STDIN:
        handover.document["Archive"] = handover.add(_input())
        return {"context": _UPLOAD, **_named(file)}
    if is_remote(place):
        if file == STDIN:
            return {"context": place, "dockerfilekey": "dockerfile", **_definition(handover, file)}
        return {"context": place, **_named(file)}
    try:
        handover.directory(_MAIN, place)
    except OSError:
        raise Failed(f'unable to prepare context: path "{place}" not found') from None
    return _definition(handover, file, place)


def hand_over_others(handover: Handover, texts: list[str]) -> dict[str, str]:
    """``--build-context name=value``: the attributes. :class:`Failed`."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise InvalidParameter(f"invalid context value: {text}, expected key=value")
        if value.startswith((_IMAGE, _TARGET)) or is_remote(value):
            found[f"context:{name}"] = value
            continue
        path = value.removeprefix(_LAYOUT)
        if path != value:
            path, tag, digest = _layout(path)
            digest = digest or _digest_of(path, tag)
            found[f"context:{name}"] = f"{_LAYOUT}{name}:{tag}@{digest}"
            _hand_over_other(handover, "Stores", name, f"oci:{name}", path)
        else:
            found[f"context:{name}"] = f"local:{name}"
            _hand_over_other(handover, "Directories", name, name, path)
    return found


def _hand_over_other(handover: Handover, kind: str, name: str, key: str, path: str) -> None:
    try:
        handover.directory(key, path, kind)
    except OSError as error:
        reason = str(error.strerror).lower()
        raise Failed(f"failed to get build context {name}: stat {path}: {reason}") from None


def _layout(path: str) -> tuple[str, str, str]:
    """The directory of an OCI layout, and the tag and the digest that are wanted of it."""
    path, _, digest = path.partition("@")
    directory, colon, tag = path.rpartition(":")
    return (directory, tag, digest) if colon and "/" not in tag else (path, _LATEST, digest)


def _digest_of(directory: str, tag: str) -> str:
    """What *tag* means in the layout; what has no tag is the only one that there is."""
    from boxship.cli.builds.caches import entries_of, tag_of

    entries = entries_of(directory)
    found = [one for one in entries if tag_of(one).rpartition(":")[2] == tag]
    if not found and len(entries) == 1 and not tag_of(entries[0]):
        found = entries
    if not found:
        raise Failed(f"failed to get build context: no image {tag} in {directory}")
    return str(found[-1]["digest"])


def _named(file: str) -> dict[str, str]:
    return {"filename": file} if file else {}


def _definition(handover: Handover, file: str, place: str = "") -> dict[str, str]:
    """Read the Dockerfile here, with the rights of its user."""
    if file == STDIN:
        text = b"".join(read_chunks(0)).decode("utf-8", "surrogateescape")
        ignore = _read_ignored(os.path.join(place, _IGNORE)) if place else None
        handover.document["Definition"] = {"Text": text, "Ignore": ignore}
        return {}
    if file.startswith(_WEB):
        handover.document["Definition"] = {"Text": _download(file)}
        return {}
    path = file or _default(place)
    try:
        with open(path, "rb") as handle:
            text = handle.read().decode("utf-8", "surrogateescape")
    except OSError as error:
        reason = str(error.strerror).lower()
        raise Failed(f"unable to prepare context: unable to open {path}: {reason}") from None
    ignore = _read_ignored(f"{path}{_IGNORE}", os.path.join(place, _IGNORE))
    handover.document["Definition"] = {"Text": text, "Ignore": ignore}
    return {"filename": os.path.basename(path)}


def _read_ignored(*paths: str) -> str:
    """The first of *paths* that there is: of the Dockerfile's own patterns, and the context's."""
    for path in paths:
        try:
            with open(path, "rb") as handle:
                return handle.read().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            continue
    return ""


def _default(place: str) -> str:
    """``Dockerfile``, or in small letters where only that is there."""
    path = os.path.join(place, _DOCKERFILE)
    small = os.path.join(place, _DOCKERFILE.lower())
    return small if not os.path.exists(path) and os.path.exists(small) else path


def _download(address: str) -> str:
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            data: bytes = answer.read()
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise Failed(f"unable to prepare context: unable to get {address}: {error}") from None
    return data.decode("utf-8", "surrogateescape")


def _input() -> int:
    """Standard input for the daemon, which reads it to its end. What a terminal says is taken in
    here, where the terminal's signals arrive."""
    if not os.isatty(0):
        return os.dup(0)
    descriptor = temporary_file(os.environ.get("TMPDIR") or "/tmp")
    for data in read_chunks(0):
        write_all(descriptor, data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
