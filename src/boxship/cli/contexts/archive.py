"""A context as a file that other machines can import: ``meta.json`` and ``tls/<endpoint>/…``."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile

from boxship.base.errors import InvalidParameter
from boxship.cli.contexts.store import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Docker's own limit for what it imports, bytes.
LIMIT = 10 << 20


def export_context(context: Context) -> bytes:
    """A tar archive with Docker's names, modes and times."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        text = json.dumps(context.document(), separators=(",", ":"), ensure_ascii=False)
        _add(archive, "meta.json", text.encode(), 0o644)
        _add(archive, "tls", None, 0o700)
        for endpoint, files in sorted(context.tls.items()):
            _add(archive, f"tls/{endpoint}", None, 0o700)
            for name, data in sorted(files.items()):
                _add(archive, f"tls/{endpoint}/{name}", data, 0o600)
    return target.getvalue()


def _add(archive: tarfile.TarFile, name: str, data: bytes | None, mode: int) -> None:
    member = tarfile.TarInfo(name)
    member.mode = mode
    member.type = tarfile.DIRTYPE if data is None else tarfile.REGTYPE
    member.size = len(data or b"")
    archive.addfile(member, io.BytesIO(data or b""))


def import_context(name: str, data: bytes) -> Context:
    """The context in a tar or zip archive, under the new *name*; :class:`InvalidParameter`."""
    if len(data) > LIMIT:
        raise InvalidParameter("cannot import context: the archive is larger than 10 MiB")
    files = dict(_zipped(data) if data.startswith(b"PK\3\4") else _tarred(data))
    try:
        document = json.loads(files.pop("meta.json"))
        metadata, endpoints = document.get("Metadata") or {}, document.get("Endpoints") or {}
    except KeyError:
        raise InvalidParameter("invalid context: no metadata found") from None
    except (ValueError, AttributeError) as error:
        raise InvalidParameter(f"invalid context: meta.json: {error}") from None
    return Context(name, metadata, endpoints, _tls(files))


def _tls(files: dict[str, bytes]) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    for path, data in files.items():
        parts = path.split("/")
        # These become names on this machine's disk.
        if len(parts) != 3 or parts[0] != "tls" or any(p in ("", ".", "..") for p in parts):
            raise InvalidParameter(f"unexpected context file: {path}")
        found.setdefault(parts[1], {})[parts[2]] = data
    return found


def _tarred(data: bytes) -> Iterator[tuple[str, bytes]]:
    # Docker's client ends its archives in the middle of the last block.
    whole = data + bytes(-len(data) % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)
    try:
        with tarfile.open(fileobj=io.BytesIO(whole), mode="r:") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isreg() else None
                if file is not None:
                    yield member.name.removeprefix("./"), file.read()
    except tarfile.TarError as error:
        raise InvalidParameter(f"cannot read the context's archive: {error}") from None


def _zipped(data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if sum(member.file_size for member in members) > LIMIT:
                raise InvalidParameter("cannot import context: it is larger than 10 MiB")
            for member in members:
                yield member.filename, archive.read(member)
    except (zipfile.BadZipFile, RuntimeError) as error:
        raise InvalidParameter(f"cannot read the context's archive: {error}") from None
