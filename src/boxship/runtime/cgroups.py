"""Containers' cgroups, as the daemon sees them: paths, freezing, limits, counters, sweeping."""

import contextlib
import os
import posixpath
from typing import Any

from boxship.kernel import cgroup
from boxship.kernel.cgroup import Cgroup, Stats
from boxship.kernel.cgroup.layout import UNIFIED
from boxship.kernel.cgroup.stats import BLOCK_TABLES

__all__ = ["BLOCK_TABLES", "Cgroups", "Stats"]


class Cgroups:
    """*parent*: the path below which containers without a ``cgroup-parent`` live."""

    def __init__(self, parent: str) -> None:
        self._layout = cgroup.detect()
        self.parent = "/" + parent.strip("/")
        # Not allowed: containers have fewer controllers, and limits say which one they lack.
        with contextlib.suppress(OSError):
            cgroup.make_room(self._layout, self.parent)
        self.unsupported = cgroup.unsupported(self._layout)

    @property
    def version(self) -> int:
        return self._layout.version

    def path_of(self, parent: str, container_id: str) -> str:
        """The container's group; *parent* as the user gave it, or empty.

        Relative parents and ``..`` stay below the root of the hierarchies.
        """
        return posixpath.normpath(f"/{(parent or self.parent).strip('/')}/{container_id}")

    def plan(self, path: str) -> dict[str, Any]:
        """What the shim needs to know of the group."""
        mounts = self._layout.mounts
        shown = {
            os.path.basename(mount): mount + path
            for name, mount in mounts.items()
            if name != UNIFIED
        }
        return {
            "version": self.version,
            "path": path,
            "mounts": mounts,
            "controllers": sorted(self._layout.controllers),
            "hierarchies": shown if self.version == 1 else {},
        }

    def _group(self, path: str) -> Cgroup:
        return cgroup.open_group(self._layout, path)

    def kill(self, path: str) -> None:
        with contextlib.suppress(OSError):
            self._group(path).kill()

    def destroy(self, path: str) -> None:
        with contextlib.suppress(OSError):
            self._group(path).destroy()

    def freeze(self, path: str) -> None:
        self._group(path).freeze()

    def thaw(self, path: str) -> None:
        self._group(path).thaw()

    def processes(self, path: str) -> list[int]:
        return self._group(path).processes()

    def update(self, path: str, resources: dict[str, Any]) -> None:
        """Put new limits in force; *resources* as in the OCI configuration."""
        self._group(path).apply(cgroup.from_spec(resources))

    def stats(self, path: str) -> Stats:
        return self._group(path).stats()
