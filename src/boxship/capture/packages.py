"""The data that packaged programs need: what their packages and those they depend on ship."""

import re
from collections.abc import Iterable, Iterator

from boxship.capture.owners.dpkg import Dpkg

# Depended on for installing and removing packages only, or for what libraries.py finds by itself.
_IGNORED = frozenset(
    {"adduser", "base-files", "base-passwd", "debconf", "debianutils", "dpkg", "install-info"}
    | {"init-system-helpers", "libc-bin", "libc6", "libgcc-s1", "login", "lsb-base", "passwd"}
    | {"sensible-utils", "systemd", "ucf"}
)
# Two halves of one thing: whoever has the first also wants the second, if it is installed.
_SMALL_HALF = re.compile(r"(.+)-(?:minimal|base)\Z")
_PROGRAMS = re.compile(r"(?:/usr(?:/local)?)?/(?:s?bin|games)/")
_LIBRARY = re.compile(r"(?:/usr)?/lib(?:32|64|x32)?/(?:[^/]+-linux-[^/]+/)?[^/]+\.so(?:\.[^/]*)?\Z")
_UNWANTED = re.compile(
    r"/usr/share/(?:doc|man|info|locale|lintian|bug|doc-base|help|applications|icons|pixmaps|"
    r"metainfo|menu|bash-completion|zsh|fish|apport|python3/runtime\.d)(?:/|\Z)"
    r"|/etc/(?:cron[^/]*|init\.d|logrotate\.d|apparmor\.d|systemd|rc\d\.d|default)(?:/|\Z)"
    r"|(?:/usr)?/lib/(?:systemd|udev|tmpfiles\.d|sysusers\.d)(?:/|\Z)"
    r"|/var/(?:lib/dpkg|cache|log)(?:/|\Z)"
)


class Packages:
    """Collects packages; ``names`` are those taken so far."""

    def __init__(self, dpkg: Dpkg) -> None:
        self.names: set[str] = set()
        self._dpkg = dpkg

    def owners(self, paths: Iterable[str]) -> set[str]:
        found = {self._dpkg.owner(path) for path in paths}
        return {package for package in found if package is not None}

    def data_for(self, paths: Iterable[str]) -> Iterator[str]:
        """The paths that the program behind *paths* (its links and itself) needs beside itself.

        Of its own packages that is their data, not their other programs; of packages that these
        depend on everything, as who depends on a package may run its programs.
        """
        own = self.owners(paths)
        halves = {match[1] for name in own if (match := _SMALL_HALF.match(name))}
        todo = sorted(own | {name for name in halves if self._dpkg.is_installed(name)})
        while todo:
            package = todo.pop()
            if package in self.names or package in _IGNORED:
                continue
            self.names.add(package)
            data_only = package in own or self._dpkg.is_library(package)
            yield from (p for p in self._dpkg.files(package) if _is_wanted(p, data_only))
            todo += self._dpkg.dependencies(package)


def _is_wanted(path: str, data_only: bool) -> bool:
    if _UNWANTED.match(path) or _LIBRARY.match(path):
        return False
    return not (data_only and _PROGRAMS.match(path))
