"""The container's cgroup in the shim's hands."""

import contextlib
import os
from typing import Any

from boxship.base.errors import BoxshipError
from boxship.kernel import cgroup
from boxship.kernel.cgroup import Layout, Refused
from boxship.sandbox.failure import StageError

_ALL = 1 << 62
_UNSET = "error during container init: error setting cgroup config for procHooks process: "


class Group:
    """*spec*: the plan's ``cgroup`` part. Errors at the end of a container's life are swallowed:
    the daemon sweeps what is left."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._version: int = spec["version"]
        self._told = 0
        layout = Layout(spec["version"], spec["mounts"], frozenset(spec["controllers"]))
        self._group = cgroup.open_group(layout, spec["path"])

    def create(self, resources: dict[str, Any]) -> None:
        """Make the group and put *resources* (OCI ``linux.resources``) in force.

        :class:`StageError` for a limit that the kernel does not take.
        """
        self._group.create()
        try:
            self._group.apply(cgroup.from_spec(resources))
        except (BoxshipError, Refused) as error:
            number = error.errno if isinstance(error, OSError) else 0
            raise StageError(_UNSET + str(error), errno=number or 0) from None

    def open_join_files(self) -> list[int]:
        return self._group.open_join_files()

    def oom_descriptor(self) -> int | None:
        try:
            return self._group.oom_events()
        except OSError:
            return None

    def oom_killed(self) -> bool:
        return self._oom_kills() > 0

    def _oom_kills(self) -> int:
        try:
            return self._group.oom_kills()
        except OSError:
            return 0

    def ran_out_of_memory(self, notified: bool) -> bool:
        """Whether it did since it was last asked; *notified*: the descriptor said something.

        v1 speaks of nothing else, and before it kills; v2 also when memory could be reclaimed.
        """
        if notified and self._version == 1:
            self._told = _ALL
            return True
        told, self._told = self._told, max(self._told, self._oom_kills())
        return self._told > told

    def kill(self) -> None:
        """End what is left in it, also processes of other pid namespaces."""
        with contextlib.suppress(OSError):
            if self._group.processes():
                self._group.kill()

    def destroy(self) -> bool:
        """Whether it is gone."""
        with contextlib.suppress(OSError):
            self._group.destroy()
            return True
        return False


def drain(fd: int) -> None:
    """Take what an event descriptor has to say."""
    with contextlib.suppress(OSError):
        os.read(fd, 4096)
