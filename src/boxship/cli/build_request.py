"""What ``boxship build`` asks of the daemon: parameters, and the context in one of its forms.

A Boxship on this machine is told the directory; any other daemon is sent an archive of it.
"""

from __future__ import annotations

import base64
import contextlib
import os

from boxship.base.errors import InvalidParameter
from boxship.cli.errors import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.client.query import Value

HANDED_OVER = "application/vnd.boxship.build.v1+json"
_TAR = "application/x-tar"
_REMOTE = ("http://", "https://", "git://", "git@", "ssh://", "github.com/")
_MOST = 512 << 10


class Context:
    """``body`` and ``kind``, its content type; ``parameters`` say what else is known of it."""

    def __init__(self, body: Any, kind: str, parameters: dict[str, Value]) -> None:
        self.body = body
        self.kind = kind
        self.parameters = parameters


def context_of(app: App, arguments: Arguments) -> Context:
    """:class:`Failed` for a path that is none, or for what only Boxship's own form can carry."""
    place = arguments.positional[0]
    secrets = _secrets(arguments.texts("secret"))
    plan = arguments.on("plan")
    file = arguments.text("file")
    if place == "-":
        return _from_input(app, file)
    if place.startswith(_REMOTE):
        return Context(None, _TAR, {"remote": place, "dockerfile": file or None})
    if not os.path.isdir(place):
        raise Failed(f'unable to prepare context: path "{place}" not found')
    text = _read_dockerfile(app, place, file)
    if app.client.endpoint.scheme == "unix" and _is_boxship(app):
        body: dict[str, Any] = {"Directory": os.path.realpath(place), "Plan": plan}
        body["Secrets"] = {k: base64.b64encode(v).decode() for k, v in secrets.items()}
        body["Text"], body["Ignore"] = text, _read_ignored(place, file)
        return Context(body, HANDED_OVER, {"dockerfile": _inside(place, file)})
    if secrets or plan:
        raise Failed("--secret and --plan need a Boxship daemon on this machine")
    context = _archive(place, file, text)
    if arguments.on("compress"):
        context.body = _compressed(context.body)
    return context


def _is_boxship(app: App) -> bool:
    return app.client.server.startswith("Boxship/")


def _inside(place: str, file: str) -> str | None:
    """The Dockerfile's path in the context, None when it lies elsewhere."""
    if file == "-":
        return None
    path = os.path.realpath(file or os.path.join(place, "Dockerfile"))
    root = os.path.realpath(place)
    return os.path.relpath(path, root) if path.startswith(root.rstrip("/") + "/") else None


def _read_dockerfile(app: App, place: str, file: str) -> str:
    if file == "-":
        return b"".join(app_input()).decode("utf-8", "surrogateescape")
    path = file or os.path.join(place, "Dockerfile")
    try:
        with open(path, "rb") as handle:
            return handle.read().decode("utf-8", "surrogateescape")
    except OSError as error:
        reason = str(error.strerror).lower()
        raise Failed(f"unable to prepare context: unable to open {path}: {reason}") from None


def _read_ignored(place: str, file: str) -> str:
    """The patterns that belong to the Dockerfile, or else to the directory; empty without any."""
    own = [] if file == "-" else [f"{file or os.path.join(place, 'Dockerfile')}.dockerignore"]
    for path in (*own, os.path.join(place, ".dockerignore")):
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as handle:
            return handle.read().decode("utf-8", "surrogateescape")
    return ""


def app_input() -> Iterator[bytes]:
    """What arrives on the standard input."""
    while data := os.read(0, 1 << 18):
        yield data


def _from_input(app: App, file: str) -> Context:
    """An archive, compressed or not, or a Dockerfile alone."""
    chunks = app_input()
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= 512:
            break
    magic = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
    if start[257:262] == b"ustar" or start.startswith(magic):

        def archive() -> Iterator[bytes]:
            yield start
            yield from chunks

        return Context(archive(), _TAR, {"dockerfile": file or None})
    if not start.strip():
        raise Failed("failed to read the Dockerfile from stdin: it is empty")
    return Context(iter(_alone(start + b"".join(chunks), "Dockerfile")), _TAR, {})


def _alone(data: bytes, name: str) -> list[bytes]:
    """An archive of one file."""
    from boxship.archive.entry import Entry, Kind
    from boxship.archive.writer import TarWriter

    pieces: list[bytes] = []
    writer = TarWriter(pieces.append)
    writer.add(Entry(name.encode(), Kind.FILE, size=len(data)), [data] if data else [])
    writer.close()
    return pieces


def _archive(place: str, file: str, text: str) -> Context:
    """The whole directory, and a Dockerfile from elsewhere under a name of its own."""
    from boxship.cli.copy.pack import Packer

    name = _inside(place, file)
    if name is not None:
        return Context(iter(Packer(place, "")), _TAR, {"dockerfile": name})
    name = f".dockerfile.{os.urandom(10).hex()}"
    extra = _alone(text.encode("utf-8", "surrogateescape"), name)[:-1]

    def both() -> Iterator[bytes]:
        yield from extra
        yield from Packer(place, "")

    return Context(both(), _TAR, {"dockerfile": name})


def _compressed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """*chunks* in gzip's format."""
    import zlib

    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()


def _secrets(texts: list[str]) -> dict[str, bytes]:
    """``id=NAME,src=FILE`` or ``id=NAME,env=VARIABLE``."""
    found = {}
    for text in texts:
        fields = dict(part.partition("=")[::2] for part in text.split(","))
        kind = fields.get("type", "file")
        name = fields.get("id", "")
        path = fields.get("src") or fields.get("source") or ""
        variable = fields.get("env") or (path if kind == "env" else "")
        if not name:
            raise InvalidParameter(f"invalid secret {text!r}: id is missing")
        if variable or (not path and name in os.environ):
            found[name] = os.environb.get(os.fsencode(variable or name), b"")
            continue
        try:
            with open(path or name, "rb") as handle:
                data = handle.read(_MOST + 1)
        except OSError as error:
            reason = str(error.strerror).lower()
            raise Failed(f"failed to stat {path or name}: {reason}") from None
        if len(data) > _MOST:
            raise Failed(f"invalid secret size {len(data)}: it may have {_MOST} bytes")
        found[name] = data
    return found
