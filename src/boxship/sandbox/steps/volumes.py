"""Volumes with file systems of their own, images as mounts, and paths within either."""

from typing import Any

from boxship.sandbox import volumes
from boxship.sandbox.steps.context import Context


def open_all(context: Context, step: dict[str, Any]) -> None:
    """While the namespaces still are the host's: one by one into the sources of mounts."""
    for row in step["volumes"]:
        if "image" in row:
            context.sources[row["index"]] = context.images[row["image"]]
        else:
            context.sources[row["index"]] = volumes.open_filesystem(row)


def enter_subpaths(context: Context, step: dict[str, Any]) -> None:
    """Replace each source by a path within it. The root's place is free until that is attached."""
    for row in step["subpaths"]:
        whole = context.sources[row["index"]]
        context.sources[row["index"]] = volumes.within(whole, row, context.mountpoint)
