"""The files of contexts: ``contexts/meta/<hash of name>/meta.json`` and ``contexts/tls/<hash>``."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil

from boxship.base.errors import Conflict, InvalidParameter, NotFound
from boxship.cli.contexts.selection import DEFAULT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DOCKER = "docker"
TLS_FILES = ("ca.pem", "cert.pem", "key.pem")
_NAME = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$")


class Context:
    """A name, its description, and how to reach its daemon.

    ``metadata`` and ``endpoints`` are the file's own objects: what other programs keep in them
    stays. ``tls``: endpoint to file name to contents.
    """

    __slots__ = ("endpoints", "metadata", "name", "tls")

    def __init__(
        self,
        name: str,
        metadata: dict[str, Any] | None = None,
        endpoints: dict[str, Any] | None = None,
        tls: dict[str, dict[str, bytes]] | None = None,
    ) -> None:
        self.name = name
        self.metadata = metadata if metadata is not None else {}
        self.endpoints = endpoints if endpoints is not None else {}
        self.tls = tls if tls is not None else {}

    @property
    def description(self) -> str:
        return str(self.metadata.get("Description", ""))

    @property
    def endpoint(self) -> dict[str, Any]:
        found = self.endpoints.get(DOCKER)
        return found if isinstance(found, dict) else {}

    @property
    def host(self) -> str:
        return str(self.endpoint.get("Host", ""))

    def document(self) -> dict[str, Any]:
        return {"Name": self.name, "Metadata": self.metadata, "Endpoints": self.endpoints}


class ContextStore:
    """Contexts below *directory*, which is the client's settings directory."""

    def __init__(self, directory: str) -> None:
        self._meta = f"{directory}/contexts/meta"
        self._tls = f"{directory}/contexts/tls"

    def meta_path(self, name: str) -> str:
        return f"{self._meta}/{_hash(name)}"

    def tls_path(self, name: str) -> str:
        return f"{self._tls}/{_hash(name)}"

    def names(self) -> list[str]:
        """Sorted; files that are no contexts are passed over."""
        try:
            found = os.listdir(self._meta)
        except OSError:
            return []
        documents = (_document(f"{self._meta}/{entry}/meta.json") for entry in found)
        return sorted(str(document["Name"]) for document in documents if document.get("Name"))

    def exists(self, name: str) -> bool:
        return os.path.exists(f"{self.meta_path(name)}/meta.json")

    def read(self, name: str) -> Context:
        """:class:`NotFound` in Docker's words."""
        path = f"{self.meta_path(name)}/meta.json"
        if not os.path.exists(path):
            raise NotFound(
                f'context "{name}": context not found: open {path}: no such file or directory'
            )
        document = _document(path)
        metadata, endpoints = document.get("Metadata"), document.get("Endpoints")
        return Context(name, metadata or {}, endpoints or {}, self._read_tls(name))

    def _read_tls(self, name: str) -> dict[str, dict[str, bytes]]:
        found: dict[str, dict[str, bytes]] = {}
        for endpoint in _names(self.tls_path(name)):
            directory = f"{self.tls_path(name)}/{endpoint}"
            found[endpoint] = {file: _bytes(f"{directory}/{file}") for file in _names(directory)}
        return found

    def add(self, context: Context) -> None:
        """Write a new one; :class:`Conflict` where there is one of that name."""
        check_name(context.name)
        if self.exists(context.name):
            raise Conflict(f'context "{context.name}" already exists')
        self.write(context)

    def write(self, context: Context) -> None:
        """Write all of it, over what there was."""
        directory = self.meta_path(context.name)
        os.makedirs(directory, mode=0o755, exist_ok=True)
        text = json.dumps(context.document(), separators=(",", ":"), ensure_ascii=False)
        _replace(f"{directory}/meta.json", text.encode(), 0o644)
        shutil.rmtree(self.tls_path(context.name), ignore_errors=True)
        for endpoint, files in context.tls.items():
            place = f"{self.tls_path(context.name)}/{endpoint}"
            os.makedirs(place, mode=0o700, exist_ok=True)
            for file, data in files.items():
                _replace(f"{place}/{file}", data, 0o600)

    def remove(self, name: str) -> None:
        if not self.exists(name):
            raise NotFound(f'context "{name}" does not exist')
        shutil.rmtree(self.meta_path(name))
        shutil.rmtree(self.tls_path(name), ignore_errors=True)


def check_name(name: str) -> None:
    if name == DEFAULT:
        raise InvalidParameter(f'"{name}" is a reserved context name')
    if not _NAME.match(name) or name.endswith("\n"):
        raise InvalidParameter(
            f'context name "{name}" is invalid, names are validated against regexp '
            f'"{_NAME.pattern}"'
        )


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()


def _document(path: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(path))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _names(directory: str) -> list[str]:
    return sorted(os.listdir(directory)) if os.path.isdir(directory) else []


def _replace(path: str, data: bytes, mode: int) -> None:
    """The file appears whole or not at all, never readable for longer than *mode* says."""
    temporary = f"{path}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with open(os.open(temporary, flags, mode), "wb") as file:
        file.write(data)
    os.replace(temporary, path)
