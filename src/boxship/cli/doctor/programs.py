"""Programs and libraries that are used where they are there."""

from __future__ import annotations

from boxship.cli.doctor.finding import broken, good, weak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boxship.cli.doctor.finding import Finding
    from boxship.cli.doctor.machine import Machine

# Program, what it is for, and Debian's package.
PROGRAMS = (
    ("ps", "boxship top", "procps"),
    ("ssh", "daemons at ssh:// addresses", "openssh-client"),
)
# Module, what it is for, its distribution, and whether the daemon runs without it.
LIBRARIES = (
    ("httptools", "the daemon's HTTP", "httptools", False),
    ("msgspec", "the daemon's JSON", "msgspec", False),
    ("hpack", "BuildKit's protocol", "hpack", False),
    ("re2", "filters with regular expressions", "google-re2", True),
    ("isal", "fast gzip", "isal", True),
    ("backports.zstd", "zstd layers", "backports.zstd", True),
)


def findings(machine: Machine) -> Iterator[Finding]:
    for name, purpose, package in PROGRAMS:
        if path := machine.program(name):
            yield good(name, path)
        else:
            yield weak(name, f"missing: {purpose} will fail", f"apt-get install {package}")
    for module, purpose, distribution, optional in LIBRARIES:
        yield _library(module, purpose, distribution, optional)


def _library(module: str, purpose: str, distribution: str, optional: bool) -> Finding:
    if _importable(module):
        return good(module, purpose)
    mend = f"pip install {distribution}"
    if optional:
        return weak(module, f"missing: no {purpose}", mend)
    return broken(module, f"missing: {purpose} needs it", mend)


def _importable(module: str) -> bool:
    import importlib.util
    import sys

    # Newer Pythons have zstd of their own.
    if module == "backports.zstd" and sys.version_info >= (3, 14):
        return True
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False
