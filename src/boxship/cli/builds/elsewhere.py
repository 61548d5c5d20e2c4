"""A build by a daemon that is no Boxship, or not on this machine: the classic ``POST /build``."""

from __future__ import annotations

import os

from boxship.base.errors import InvalidParameter
from boxship.cli.builds.attributes import pairs_of
from boxship.cli.builds.contexts import is_remote
from boxship.cli.builds.views.view import MODES
from boxship.cli.errors import UNCONFIRMED, Failed
from boxship.cli.files import read_chunks
from boxship.cli.pump import write_all
from boxship.cli.transfer import watched
from boxship.client.jsontext import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.client.query import Value

_TAR = "application/x-tar"
# What the classic form has no parameter for.
_OURS = (
    "build-context",
    "cache-to",
    "metadata-file",
    "no-cache-filter",
    "output",
    "push",
    "secret",
    "ssh",
)


def build_elsewhere(app: App, arguments: Arguments, call: str) -> int:
    """:class:`Failed` for what only a Boxship on this machine can do, such as another *call*."""
    given = [f"--{name}" for name in _OURS if arguments.given(name)]
    given += [] if call == "build" else [f"--{call.partition(',')[0]}"]
    if given:
        raise Failed(f"{' and '.join(given)} need a Boxship daemon on this machine")
    progress = arguments.text("progress") or "auto"
    if progress not in MODES:
        raise InvalidParameter(f"invalid progress mode {progress}")
    quiet = arguments.on("quiet") or progress == "quiet"
    context = _context_of(arguments)
    query = {**_parameters(arguments, quiet), **context.parameters}
    headers = {"Content-Type": context.kind}
    body = context.body
    if body is not None and not quiet:
        body = watched(body, "Sending build context")
    documents = app.client.documents("POST", "/build", query, body, headers)
    image = _show(documents, raw=progress == "rawjson")
    if arguments.text("iidfile"):
        with open(arguments.text("iidfile"), "w") as file:
            file.write(image)
    return 0


def _parameters(arguments: Arguments, quiet: bool) -> dict[str, Value]:
    text, number = arguments.text, arguments.number
    query: dict[str, Value] = {
        "t": arguments.texts("tag"),
        "q": quiet,
        "nocache": arguments.on("no-cache"),
        "pull": arguments.on("pull"),
        "rm": arguments.on("rm"),
        "forcerm": arguments.on("force-rm"),
        "squash": arguments.on("squash") or None,
        "target": text("target") or None,
        "platform": ",".join(arguments.texts("platform")) or None,
        "networkmode": text("network") or None,
        "cgroupparent": text("cgroup-parent") or None,
        "extrahosts": ",".join(arguments.texts("add-host")) or None,
        "cpusetcpus": text("cpuset-cpus") or None,
        "cpusetmems": text("cpuset-mems") or None,
        "buildargs": _json(pairs_of(arguments.texts("build-arg"), from_environment=True)),
        "labels": _json(pairs_of(arguments.texts("label"))),
        "cachefrom": _json(arguments.texts("cache-from")),
        "isolation": text("isolation") or None,
        "securityopt": _json(arguments.texts("security-opt")),
        "ulimits": _json(arguments.items("ulimit")),
    }
    for flag, name in _NUMBERS.items():
        query[name] = number(flag) or None
    return query


_NUMBERS = {
    "cpu-period": "cpuperiod",
    "cpu-quota": "cpuquota",
    "cpu-shares": "cpushares",
    "memory": "memory",
    "memory-swap": "memswap",
    "shm-size": "shmsize",
}


def _json(value: list[Any] | dict[str, str]) -> str | None:
    return dumps(value) if value else None


def _show(documents: Iterable[dict[str, Any]], raw: bool) -> str:
    """Print what the daemon tells; the ID of the image. The program's own exit status ends ours."""
    image = ""
    for document in documents:
        if raw:
            write_all(1, (dumps(document) + "\n").encode())
        stream = document.get("stream", "")
        if document.get("error"):
            code = (document.get("errorDetail") or {}).get("code") or 1
            raise Failed(str(document["error"]), code)
        image = (document.get("aux") or {}).get("ID") or image
        if stream.startswith("sha256:"):
            image = stream.strip()
        if stream and not raw:
            write_all(1, stream.encode("utf-8", "surrogateescape"))
    if not image:
        raise Failed(UNCONFIRMED)
    return image


class Context:
    """``body`` and ``kind``, its content type; ``parameters`` say what else is known of it."""

    def __init__(self, body: Any, kind: str, parameters: dict[str, Value]) -> None:
        self.body = body
        self.kind = kind
        self.parameters = parameters


def _context_of(arguments: Arguments) -> Context:
    place = arguments.positional[0]
    file = arguments.text("file")
    if place == "-":
        return _from_input(file)
    if is_remote(place):
        return Context(None, _TAR, {"remote": place, "dockerfile": file or None})
    if not os.path.isdir(place):
        raise Failed(f'unable to prepare context: path "{place}" not found')
    context = _archive(place, file, _read_dockerfile(place, file))
    if arguments.on("compress"):
        context.body = _compressed(context.body)
    return context


def _inside(place: str, file: str) -> str | None:
    """The Dockerfile's path in the context, None when it lies elsewhere."""
    if file == "-":
        return None
    path = os.path.realpath(file or os.path.join(place, "Dockerfile"))
    root = os.path.realpath(place)
    return os.path.relpath(path, root) if path.startswith(root.rstrip("/") + "/") else None


def _read_dockerfile(place: str, file: str) -> str:
    if file == "-":
        return b"".join(read_chunks(0)).decode("utf-8", "surrogateescape")
    path = file or os.path.join(place, "Dockerfile")
    try:
        with open(path, "rb") as handle:
            return handle.read().decode("utf-8", "surrogateescape")
    except OSError as error:
        reason = str(error.strerror).lower()
        raise Failed(f"unable to prepare context: unable to open {path}: {reason}") from None


def _from_input(file: str) -> Context:
    """An archive, compressed or not, or a Dockerfile alone."""
    chunks = read_chunks(0)
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
