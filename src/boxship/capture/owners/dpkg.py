"""dpkg's database, read from its files: who owns what, and what depends on what (dpkg(1)).

Paths are compared with ``/usr`` left out: since Debian merged ``/bin`` into ``/usr/bin``, one file
goes by two names.
"""

import re
from functools import cached_property

from boxship.capture.machine import Machine

_INFO, _STATUS = "/var/lib/dpkg/info", "/var/lib/dpkg/status"
_WANTED = ("Package", "Architecture", "Depends", "Pre-Depends", "Section", "Status", "Provides")
_MERGED = re.compile(r"/usr(?=/(?:bin|sbin|lib|lib32|lib64|libx32)(?:/|\Z))")

Stanza = dict[str, str]


class Dpkg:
    """The packages of *machine*; an empty set where there is no dpkg."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @cached_property
    def _lists(self) -> dict[str, str]:
        """Package name -> path of its list of files."""
        names = [name for name in self._machine.names(_INFO) if name.endswith(".list")]
        return {n.removesuffix(".list").partition(":")[0]: f"{_INFO}/{n}" for n in names}

    @cached_property
    def _owners(self) -> dict[str, str]:
        return {
            _MERGED.sub("", path): package
            for package in self._lists
            for path in self.files(package)
        }

    @cached_property
    def _stanzas(self) -> dict[str, Stanza]:
        text = self._machine.read(_STATUS).decode(errors="surrogateescape")
        found: dict[str, Stanza] = {}
        for block in text.split("\n\n"):
            stanza = _stanza(block)
            if stanza.get("Status", "").endswith(" installed"):
                found.setdefault(stanza.get("Package", ""), stanza)
        return found

    @cached_property
    def _providers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for package, stanza in sorted(self._stanzas.items()):
            for name, *_ in _relations(stanza.get("Provides", "")):
                found.setdefault(name, package)
        return found

    def owner(self, path: str) -> str | None:
        """The package that the file at *path* belongs to."""
        return self._owners.get(_MERGED.sub("", path))

    def files(self, package: str) -> list[str]:
        """Every path of *package*, directories included."""
        listing = self._lists.get(package)
        text = self._machine.read(listing).decode(errors="surrogateescape") if listing else ""
        return [line for line in text.splitlines() if line.startswith("/") and line != "/."]

    def is_installed(self, package: str) -> bool:
        return package in self._stanzas

    def is_library(self, package: str) -> bool:
        section = self._stanzas.get(package, {}).get("Section", "")
        return section.rpartition("/")[2] in ("libs", "oldlibs")

    def dependencies(self, package: str) -> list[str]:
        """The installed packages that *package* cannot do without, of alternatives the first."""
        stanza = self._stanzas.get(package, {})
        found = []
        for field in ("Pre-Depends", "Depends"):
            for alternatives in _relations(stanza.get(field, "")):
                present = (self._present(name) for name in alternatives)
                found += [name for name in present if name][:1]
        return list(dict.fromkeys(found))

    def _present(self, name: str) -> str | None:
        return name if name in self._stanzas else self._providers.get(name)


def _stanza(block: str) -> Stanza:
    """The fields that matter; continuation lines belong to none of them."""
    found = {}
    for line in block.split("\n"):
        key, colon, value = line.partition(":")
        if colon and key in _WANTED:
            found[key] = value.strip()
    return found


def _relations(text: str) -> list[list[str]]:
    """``a (>= 1), b:any | c`` as ``[["a"], ["b", "c"]]`` (Debian policy, section 7.1)."""
    found = []
    for group in text.split(","):
        names = [
            re.split(r"[\s:(\[<]", choice.strip(), maxsplit=1)[0] for choice in group.split("|")
        ]
        if any(names):
            found.append([name for name in names if name])
    return found
