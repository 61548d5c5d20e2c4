"""Reads small files of a build's context: the Dockerfile, and what is to be ignored."""

import errno
import os
import stat
from collections.abc import Sequence
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.kernel.openat2 import MISSING
from boxship.sandbox.workers.lookup import open_inside, reopen


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """The text of each of ``args["paths"]`` below ``fds[0]``, None for what is no regular file.

    :class:`InvalidParameter` when one is larger than ``args["limit"]`` bytes.
    """
    limit = args["limit"]
    return {"files": {path: _read(fds[0], path, limit) for path in args["paths"]}}


def _read(root: int, path: str, limit: int) -> str | None:
    try:
        node = open_inside(root, os.fsencode(path), os.O_PATH)
    except MISSING:
        return None
    except OSError as error:
        # To go on without a .dockerignore would send what it names.
        if error.errno in (errno.ELOOP, errno.ENAMETOOLONG):
            raise InvalidParameter(f"{path}: {str(error.strerror).lower()}") from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(node).st_mode):
            return None
        with os.fdopen(reopen(node, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            data = file.read(limit + 1)
    finally:
        os.close(node)
    if len(data) > limit:
        raise InvalidParameter(f"{path} is larger than {limit} bytes")
    return data.decode("utf-8", "surrogateescape")
