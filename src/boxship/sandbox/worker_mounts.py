"""The mounts of a container that does not run, made for a worker so that it sees what they show."""

import os
from typing import Any

from boxship.base.errors import Internal
from boxship.kernel import mount
from boxship.sandbox import volumes
from boxship.sandbox.failure import StageError
from boxship.sandbox.root import Root, is_directory

Row = dict[str, Any]


def open_all(rows: list[Row], images: list[int], place: str) -> list[tuple[Row, int]]:
    """Open a detached mount for each row, in a mount namespace of our own.

    A bind whose source was deleted is left out; any other failure is :class:`Internal`, so that
    nothing is read from or written to what the mount would cover.

    *images* are detached mounts, in the order in which the rows need them; at *place*, a directory
    of the host, nothing is mounted yet.
    """
    opened = []
    for row in rows:
        try:
            opened.append((row, _open(row, images, place)))
        except FileNotFoundError:
            continue
        except StageError as error:
            raise Internal(str(error)) from None
    return opened


def _open(row: Row, images: list[int], place: str) -> int:
    if "image" in row:
        source = images.pop(0)
    elif "filesystem" in row:
        source = volumes.open_filesystem(row["filesystem"])
    else:
        source = mount.clone(-100, row["source"], recursive=True)
    if not row.get("subpath"):
        return source
    return volumes.within(source, row | {"base": row["source"]}, place)


def attach(root: int, row: Row, source: int) -> None:
    """Put *source*, which is closed, in its place below *root*."""
    make = Root(root).directory if is_directory(source) else Root(root).file
    target = make(row["target"])
    if row["read_only"]:
        mount.set_attributes(source, mount.MOUNT_ATTR_RDONLY)
    mount.move_mount(source, target)
    os.close(source)
    os.close(target)
