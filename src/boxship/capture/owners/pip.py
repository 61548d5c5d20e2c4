"""What pip installed into a Python's site-packages: owners by RECORD, needs by METADATA.

(PyPA specifications, "Recording installed projects" and "Core metadata".)
"""

import csv
import posixpath
import re
from functools import cached_property

from boxship.capture.machine import Machine

_INFO = ".dist-info"
_REQUIRES = re.compile(r"Requires-Dist:\s*([A-Za-z0-9._-]+)(.*)")
_IMPORT = re.compile(r"^(?:from|import)\s+(\w+)", re.MULTILINE)
_START = 16384
_EXTRA = re.compile(r"\bextra\s*==")


class Distributions:
    """The distributions in the directory *top* of *machine*."""

    def __init__(self, machine: Machine, top: str) -> None:
        self._machine = machine
        self._top = top

    @cached_property
    def _infos(self) -> dict[str, str]:
        """Normalized name -> path of the metadata directory."""
        infos = [name for name in self._machine.names(self._top) if name.endswith(_INFO)]
        return {_normal(name.partition("-")[0]): f"{self._top}/{name}" for name in infos}

    def owner(self, path: str) -> str | None:
        """The distribution that installed the program at *path*, or whose module that imports."""
        for name in self._infos:
            if path in self.files(name):
                return name
        text = self._machine.read(path, _START).decode(errors="replace")
        modules = [f"{self._top}/{module}" for module in _IMPORT.findall(text)]
        for name in self._infos:
            files = self.files(name)
            if any(f"{m}.py" in files or f"{m}/__init__.py" in files for m in modules):
                return name
        return None

    def files(self, name: str) -> list[str]:
        """Every file of the distribution, also those outside of site-packages."""
        record = self._machine.read(f"{self._infos[name]}/RECORD").decode(errors="surrogateescape")
        rows = [row[0] for row in csv.reader(record.splitlines()) if row]
        return [posixpath.normpath(posixpath.join(self._top, path)) for path in rows]

    def requirements(self, name: str) -> list[str]:
        """The installed distributions that *name* asks for; optional ones are not asked for."""
        text = self._machine.read(f"{self._infos[name]}/METADATA").decode(errors="replace")
        found = []
        for line in text.splitlines():
            if not line:
                break
            match = _REQUIRES.match(line)
            if match and not _EXTRA.search(match[2]):
                found.append(_normal(match[1]))
        return [needed for needed in found if needed in self._infos]

    def closure(self, name: str) -> list[str]:
        """*name* and all that it needs, directly or not."""
        found: list[str] = []
        todo = [name]
        while todo:
            current = todo.pop()
            if current not in found:
                found.append(current)
                todo += self.requirements(current)
        return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
