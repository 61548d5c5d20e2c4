"""From the names of programs to all the files that they need."""

import posixpath
from collections import deque

from boxship.base.errors import NotFound
from boxship.capture import companions, pythons, scripts
from boxship.capture.collection import Collection
from boxship.capture.libraries import Libraries
from boxship.capture.machine import Machine
from boxship.capture.owners.dpkg import Dpkg
from boxship.capture.owners.pip import Distributions
from boxship.capture.packages import Packages

_START = 4096
# Links into /usr, which paths in scripts and in programs take for granted.
_MERGED = frozenset({"bin", "sbin", "lib", "lib32", "lib64", "libx32"})
_ELF = b"\x7fELF"


class Selection:
    """Adds programs one by one; ``programs`` says where each was found."""

    def __init__(self, machine: Machine, pyenv_version: str = "") -> None:
        self.programs: dict[str, str] = {}
        self.missing: dict[str, str] = {}  # library -> who needs it
        self.collection = Collection(machine)
        self.libraries = Libraries(machine)
        self.packages = Packages(Dpkg(machine))
        self._machine = machine
        self._pyenv_version = pyenv_version
        self._seen: set[str] = set()
        # Files to look into, with the run paths of what loads them.
        self._todo: deque[tuple[str, tuple[str, ...]]] = deque()
        for link in machine.names("/"):
            if machine.is_link(f"/{link}") and link in _MERGED:
                self.collection.add(f"/{link}")

    def add(self, name: str) -> None:
        """Take the program *name* (a name on the search path, or a path) and all it needs.

        :class:`NotFound` when there is no such program.
        """
        path = self._find(name)
        self.programs[name] = path
        self._add_program(path)
        while self._todo:
            self._look_into(*self._todo.popleft())

    def _find(self, name: str) -> str:
        found = self._machine.find_program(name)
        if found is None:
            raise NotFound(f"{name}: no such program" if "/" in name else f"{name}: not in $PATH")
        return pythons.behind_shim(self._machine, found, self._pyenv_version) or found

    def _add_program(self, path: str) -> None:
        if path in self._seen:
            return
        self._seen.add(path)
        real, links = self._machine.resolve(path)
        self._add_file(path)
        data = list(self.packages.data_for([*links, real]))
        for owned in (*data, *pythons.compiled(self._machine, data)):
            self._add_file(owned)
        if pythons.is_python(path):
            self._add_python(path, real)

    def _add_python(self, path: str, real: str) -> None:
        for marker in pythons.environment(self._machine, path):
            self._add_file(marker)
        if not self.packages.owners([real]):
            self._add_trees(pythons.library(self._machine, real))

    def _add_trees(self, paths: list[str]) -> None:
        for path in paths:
            for file in self.collection.add_tree(path):
                self._todo.append((file, ()))

    def _add_file(self, path: str, run_paths: tuple[str, ...] = ()) -> None:
        new = self.collection.add(path)
        if new is not None:
            self._todo.append((path, run_paths))

    def _look_into(self, path: str, run_paths: tuple[str, ...]) -> None:
        start = self._machine.read(path, _START)
        if start.startswith(_ELF):
            self._add_needed(path, run_paths)
        elif self._machine.is_program(path):
            for named in scripts.interpreters(start):
                self._add_interpreter(path, named)

    def _add_interpreter(self, script: str, named: str) -> None:
        found = self._machine.find_program(named)
        if found is None:
            return
        found = pythons.behind_shim(self._machine, found, self._pyenv_version) or found
        self._add_program(found)
        if pythons.is_python(found) and script in self.programs.values():
            for top in pythons.packages(self._machine, found):
                self._add_distributions(script, Distributions(self._machine, top), top)

    def _add_distributions(self, script: str, installed: Distributions, top: str) -> None:
        """What *script* imports: the distribution it came with and what that requires.

        Where nobody knows whose the script is, all that is installed may be needed.
        """
        owner = installed.owner(script)
        if owner is None:
            self._add_trees([top] if self.packages.owners([script]) == set() else [])
            return
        for name in installed.closure(owner):
            for file in installed.files(name):
                self._add_file(file)

    def _add_needed(self, path: str, run_paths: tuple[str, ...]) -> None:
        elf = self.libraries.elf(path)
        if elf is None:
            return
        if elf.interpreter:
            self._add_library(elf.interpreter, ())
        below = run_paths + self.libraries.expanded(elf.rpath, path)
        for name in elf.needed:
            found = self.libraries.find(name, path, run_paths)
            if not found:
                self.missing.setdefault(name, path)
            for library in found:
                self._add_library(library, below)

    def _add_library(self, path: str, run_paths: tuple[str, ...]) -> None:
        self._add_file(path, run_paths)
        for pattern in companions.of(posixpath.basename(path)):
            for companion in self._machine.glob(pattern):
                self._add_file(companion)
