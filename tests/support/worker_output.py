"""What a worker that writes an archive has written."""

import os
from pathlib import Path
from typing import Any

from support import trees
from support.workers import Root, run


def output(kind: str, root: Root | Path | None, **args: Any) -> bytes:
    with open(os.memfd_create("out"), "w+b") as out:
        size = run(kind, {"container": "box", **args}, [out.fileno()], root)["size"]
        data = os.pread(out.fileno(), size + 1, 0)
    assert len(data) == size
    return data


def names(data: bytes) -> list[str]:
    return [row[0] for row in trees.of_tar(data)]
