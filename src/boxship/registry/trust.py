"""Contexts of TLS, kept until a certificate changes on the disk.

To read all the authorities of a system takes longer than to ask for a manifest.
"""

import ssl
from contextlib import suppress
from pathlib import Path

from boxship.registry.settings import RegistrySettings

_Stamp = tuple[tuple[str, int, int], ...]


class Trust:
    """Whom *settings* trust, host by host."""

    def __init__(self, settings: RegistrySettings) -> None:
        self._settings = settings
        self._kept: dict[tuple[str, bool], tuple[_Stamp, ssl.SSLContext]] = {}

    def context(self, host: str, insecure: bool) -> ssl.SSLContext:
        """For connections to *host*; errors are those of :meth:`RegistrySettings.tls`."""
        stamp = self._stamp(host, insecure)
        kept = self._kept.get((host, insecure))
        if kept is not None and kept[0] == stamp:
            return kept[1]
        context = self._settings.tls(host, insecure)
        self._kept[host, insecure] = stamp, context
        return context

    def _stamp(self, host: str, insecure: bool) -> _Stamp:
        files = self._settings.certificate_files(host)
        if not insecure:
            system = ssl.get_default_verify_paths()
            files += [Path(path) for path in (system.cafile, system.capath) if path]
        found = []
        for path in files:
            with suppress(OSError):
                status = path.stat()
                found.append((str(path), status.st_mtime_ns, status.st_size))
        return tuple(found)
