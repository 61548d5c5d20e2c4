"""Finding shared libraries as the dynamic loader does (ld.so(8); musl's manual, "Search path")."""

import posixpath
from collections.abc import Iterable, Iterator

from boxship.capture import elf, ldcache
from boxship.capture.elf import Elf
from boxship.capture.machine import Machine

_CACHE, _CONFIG = "/etc/ld.so.cache", "/etc/ld.so.conf"
_PLAIN = ("/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib")
_HWCAPS = "glibc-hwcaps"
_MAX_INCLUDES = 64


class Libraries:
    """Answers where the libraries are that an object names."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._cache = ldcache.read(machine.read(_CACHE))
        self._configured = list(_directories(machine, _CONFIG, set()))
        self._known: dict[str, Elf | None] = {}

    def elf(self, path: str) -> Elf | None:
        """The ELF file at *path*, None when it is none."""
        path = self._machine.real(path)
        if path not in self._known:
            try:
                with open(self._machine.here(path), "rb") as file:
                    self._known[path] = elf.read(file)
            except OSError:
                self._known[path] = None
        return self._known[path]

    def find(self, name: str, by: str, inherited: tuple[str, ...]) -> list[str]:
        """Paths for the library *name* that the object at *by* needs; none when it is missing.

        *inherited* are the expanded run paths (DT_RPATH) of the objects that loaded *by*. Where
        the loader chooses by the processor's abilities there are several.
        """
        wanted = self.elf(by)
        if wanted is None:
            return []
        if "/" in name:
            return self._fitting([name], wanted)
        ours = self.expanded(wanted.rpath, by) + inherited if not wanted.runpath else ()
        for directory in (*ours, *self.expanded(wanted.runpath, by)):
            if found := self._fitting([f"{directory}/{name}"], wanted):
                return found
        if found := self._fitting(self._cache.get(name, ()), wanted):
            return found
        for directory in (*self._configured, *_defaults(wanted)):
            if found := self._fitting(self._variants(directory, name), wanted):
                return found
        return []

    def expanded(self, paths: tuple[str, ...], by: str) -> tuple[str, ...]:
        """*paths* with ``$ORIGIN``, ``$LIB`` and ``$PLATFORM`` filled in, for the object *by*."""
        origins = dict.fromkeys(posixpath.dirname(p) for p in (self._machine.real(by), by))
        return tuple(
            posixpath.normpath(_fill(path, origin)) for path in paths for origin in origins
        )

    def _variants(self, directory: str, name: str) -> list[str]:
        levels = self._machine.names(f"{directory}/{_HWCAPS}")
        tuned = [f"{directory}/{_HWCAPS}/{level}/{name}" for level in levels]
        return [*tuned, f"{directory}/{name}"]

    def _fitting(self, paths: Iterable[str], wanted: Elf) -> list[str]:
        found = []
        for path in paths:
            candidate = self.elf(path) if path.startswith("/") else None
            if candidate is not None and candidate.kind == wanted.kind:
                found.append(path)
        return found


def _fill(path: str, origin: str) -> str:
    values = {"ORIGIN": origin, "LIB": "lib", "PLATFORM": ""}
    for key, value in values.items():
        path = path.replace("${" + key + "}", value).replace("$" + key, value)
    return path


def _defaults(wanted: Elf) -> Iterator[str]:
    _, _, multiarch = elf.MACHINES.get(wanted.kind[1], ("", "", ""))
    if multiarch:
        yield f"/lib/{multiarch}"
        yield f"/usr/lib/{multiarch}"
    yield from _PLAIN


def _directories(machine: Machine, path: str, seen: set[str]) -> Iterator[str]:
    """The directories that ld.so.conf lists, included files too."""
    if path in seen or len(seen) > _MAX_INCLUDES:
        return
    seen.add(path)
    for line in machine.read(path).decode(errors="surrogateescape").splitlines():
        words = line.partition("#")[0].split()
        if words[:1] == ["include"]:
            for pattern in words[1:]:
                for included in machine.glob(posixpath.join(posixpath.dirname(path), pattern)):
                    yield from _directories(machine, included, seen)
        elif words and words[0].startswith("/"):
            yield words[0].rstrip("/")
