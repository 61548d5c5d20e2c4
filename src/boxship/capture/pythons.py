"""Python interpreters outside of packages: pyenv, /usr/local, virtual environments.

An interpreter finds its library by its own path (CPython, Modules/getpath.py), so that the library
is found here in the same way.
"""

import posixpath
import re
from collections.abc import Iterable

from boxship.capture.machine import Machine

_NAME = re.compile(r"python[0-9.]*\Z")
_LIBRARY = re.compile(r"python3\.\d+t?\Z")
_LANDMARK = "os.py"
_SHIM = b"pyenv"
# Tests, tools and build files of the standard library, and what pip installed.
_UNNEEDED = re.compile(r"(?:test|idlelib|turtledemo|site-packages|config-.*)\Z")


def is_python(path: str) -> bool:
    return _NAME.match(posixpath.basename(path)) is not None


def behind_shim(machine: Machine, path: str, version: str = "") -> str | None:
    """The program behind pyenv's shim at *path*; None when *path* is none, or leads nowhere.

    *version* is what the user chose in PYENV_VERSION.
    """
    directory, _, name = path.rpartition("/")
    if posixpath.basename(directory) != "shims" or _SHIM not in machine.read(path, 4096):
        return None
    root = posixpath.dirname(directory)
    chosen = version.split(":") if version else machine.read(f"{root}/version").decode().split()
    candidates = [f"{root}/versions/{one}/bin/{name}" for one in chosen]
    return next((one for one in candidates if machine.is_program(one)), None)


def library(machine: Machine, real: str) -> list[str]:
    """What the interpreter whose file is *real* needs of its own standard library."""
    found = []
    directory, name = posixpath.split(real)
    for base in _library_directories(machine, posixpath.dirname(directory)):
        ours = posixpath.basename(base) == name or not _LIBRARY.match(name)
        if ours and machine.is_file(f"{base}/{_LANDMARK}"):
            inside = machine.names(base)
            found += [f"{base}/{part}" for part in inside if not _UNNEEDED.match(part)]
    return found


def environment(machine: Machine, path: str) -> list[str]:
    """The files that make the interpreter at *path*, links not followed, a virtual one."""
    top = posixpath.dirname(posixpath.dirname(path))
    marker = f"{top}/pyvenv.cfg"
    return [marker] if machine.is_file(marker) else []


def packages(machine: Machine, path: str) -> list[str]:
    """The directories with what pip installed for the interpreter at *path*."""
    top = posixpath.dirname(posixpath.dirname(path))
    found = [f"{base}/site-packages" for base in _library_directories(machine, top)]
    return [directory for directory in found if machine.is_directory(directory)]


def compiled(machine: Machine, sources: Iterable[str]) -> list[str]:
    """The cached bytecode of modules: made after installation, so that no package owns it."""
    modules: dict[str, set[str]] = {}
    for source in sources:
        directory, name = posixpath.split(source)
        if name.endswith(".py"):
            modules.setdefault(f"{directory}/__pycache__", set()).add(name.removesuffix(".py"))
    return [
        f"{cache}/{name}"
        for cache, stems in modules.items()
        for name in machine.names(cache)
        if name.endswith(".pyc") and name.partition(".")[0] in stems
    ]


def _library_directories(machine: Machine, prefix: str) -> list[str]:
    return [
        f"{prefix}/{lib}/{name}"
        for lib in ("lib", "lib64")
        for name in machine.names(f"{prefix}/{lib}")
        if _LIBRARY.match(name)
    ]
