"""Kernel parameters of the container's namespaces (sysctl(8)), through our own procfs mount."""

import os
from typing import Any

from boxship.kernel.openat2 import BENEATH, MISSING, NO_MAGICLINKS, NO_SYMLINKS, NO_XDEV, openat2
from boxship.sandbox.failure import StageError
from boxship.sandbox.steps.context import Context
from boxship.sandbox.steps.mounts import new_filesystem

_STRICT = BENEATH | NO_MAGICLINKS | NO_SYMLINKS | NO_XDEV


def write(context: Context, step: dict[str, Any]) -> None:
    """*step*: ``values`` by dotted name; ``optional`` names may be missing in this kernel.

    A container that shows the host's procfs, or none, gets them through one that nobody else sees.
    """
    if context.proc < 0:
        context.proc = new_filesystem("proc", [], 0)
    for name, value in step["values"].items():
        path = "sys/" + name.replace(".", "/")
        try:
            fd = openat2(context.proc, path, os.O_WRONLY, 0, _STRICT)
        except OSError as error:
            if name in step.get("optional", ()) and isinstance(error, MISSING):
                continue
            reason = (error.strerror or "").lower()
            raise StageError(f"error during container init: open /proc/{path}: {reason}")
        try:
            os.write(fd, value.encode())
        except OSError as error:
            reason = (error.strerror or "").lower()
            raise StageError(f"error during container init: write /proc/{path}: {reason}")
        finally:
            os.close(fd)
