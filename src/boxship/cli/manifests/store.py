"""The files of lists: ``manifests/<list>/<manifest>`` in the client's settings directory."""

from __future__ import annotations

import json
import os
import shutil

from boxship.base.errors import NotFound
from boxship.cli.errors import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.manifests.names import Name


class ManifestStore:
    """Lists below *directory*. An entry is Docker's own JSON object of one manifest
    (:mod:`boxship.cli.manifests.entries`)."""

    def __init__(self, directory: str) -> None:
        self._root = f"{directory}/manifests"

    def exists(self, name: Name) -> bool:
        return os.path.isdir(f"{self._root}/{name.file}")

    def get(self, of: Name, name: Name) -> dict[str, Any] | None:
        """The entry for *name* in the list *of*."""
        return self._read(f"{self._root}/{of.file}/{name.file}")

    def entries(self, name: Name) -> list[dict[str, Any]]:
        """All of a list's; :class:`NotFound` where there is no such list."""
        directory = f"{self._root}/{name.file}"
        try:
            files = sorted(os.listdir(directory))
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(f"No such manifest: {name.full}") from None
        return [found for file in files if (found := self._read(f"{directory}/{file}"))]

    def save(self, of: Name, name: Name, entry: dict[str, Any]) -> None:
        directory = f"{self._root}/{of.file}"
        os.makedirs(directory, mode=0o755, exist_ok=True)
        temporary = f"{self._root}/.{os.getpid()}"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(entry, file, ensure_ascii=False, separators=(",", ":"))
        os.replace(temporary, f"{directory}/{name.file}")

    def remove(self, name: Name) -> None:
        if not self.exists(name):
            raise NotFound(f"No such manifest: {name.full}")
        shutil.rmtree(f"{self._root}/{name.file}")

    def _read(self, path: str) -> dict[str, Any] | None:
        try:
            with open(path, "rb") as file:
                found = json.load(file)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValueError as error:
            raise Failed(f"cannot read {path}: {error}") from None
        if not isinstance(found, dict) or not isinstance(found.get("Descriptor"), dict):
            raise Failed(f"cannot read {path}: it holds no manifest")
        return found
