"""The client's settings: Docker's own ``config.json``, shared with Docker's client."""

from __future__ import annotations

import os
import sys

from boxship.cli.errors import Failed
from boxship.client.jsontext import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KINDS = {bool: "bool", int: "number", float: "number", list: "array", dict: "object"}


class Settings:
    """What ``config.json`` in *directory* says, read at the first question.

    What this client does not know is kept when something is written.
    """

    __slots__ = ("_broken", "_values", "directory")

    def __init__(self, directory: str = "") -> None:
        chosen = directory or os.environ.get("DOCKER_CONFIG")
        self.directory = chosen or os.path.expanduser("~/.docker")
        self._values: dict[str, Any] | None = None
        self._broken = ""

    @property
    def path(self) -> str:
        return f"{self.directory}/config.json"

    @property
    def values(self) -> dict[str, Any]:
        if self._values is None:
            self._values = self._read()
        return self._values

    def text(self, name: str) -> str:
        """A setting of text; "" where it is absent or something else."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def table(self, name: str) -> dict[str, Any]:
        """A setting that is an object; empty where it is absent or something else."""
        value = self.values.get(name)
        return value if isinstance(value, dict) else {}

    def texts(self, name: str) -> list[str]:
        """A setting that is a list, its texts alone; empty where it is absent or something else."""
        value = self.values.get(name)
        return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []

    def change(self, name: str, value: str | dict[str, Any]) -> None:
        """Set one setting in the file; what is empty is removed."""
        values = dict(self.values)
        if self._broken:
            raise Failed(f"cannot change {self.path}: {self._broken}")
        values.pop(name, None)
        if value:
            values[name] = value
        values.setdefault("auths", {})
        self._write(values)
        self._values = values

    def _read(self) -> dict[str, Any]:
        try:
            with open(self.path, "rb") as file:
                text = file.read() or b"{}"
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return {}
        try:
            found: dict[str, Any] = loads(text)
            self._broken = _wrong(found)
        except ValueError as error:
            self._broken = str(error)
        if not self._broken:
            return found
        # Settings that cannot be read must not keep anybody from working.
        sys.stdout.flush()
        print(f"WARNING: Error loading config file: {self.path}: {self._broken}", file=sys.stderr)
        return {}

    def _write(self, values: dict[str, Any]) -> None:
        import json

        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        # A file that is a link stays one: settings are often kept elsewhere.
        path = os.path.realpath(self.path)
        temporary = f"{path}.{os.getpid()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            with open(os.open(temporary, flags, 0o600), "w", encoding="utf-8") as file:
                file.write(json.dumps(values, indent="\t", ensure_ascii=False))
            os.replace(temporary, path)
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise


def _wrong(found: Any) -> str:
    """What is wrong with a document of settings, or ""."""
    if not isinstance(found, dict):
        return "it holds no JSON object"
    for name, value in found.items():
        if name.endswith("Format") and value is not None and not isinstance(value, str):
            kind = _KINDS.get(type(value), "value")
            field = f"Go struct field ConfigFile.{name} of type string"
            return f"json: cannot unmarshal {kind} into {field}"
    return ""
