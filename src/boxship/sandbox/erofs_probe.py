"""Whether this kernel can mount our layers; for the daemon, which imports what forked code must
not carry."""

import os
import tempfile
from pathlib import Path

from boxship.archive.erofs import IndexBuilder
from boxship.sandbox.layers import open_layer

_EMPTY_ARCHIVE = bytes(1024)


def mounts_erofs() -> bool:
    """Tried on an empty layer: from files (Linux 6.12), else by loop devices (6.4: EROFS with
    blocks of 512 bytes). False also without the right to mount."""
    with tempfile.TemporaryDirectory(prefix="boxship-probe-") as directory:
        index, data = Path(directory, "index"), Path(directory, "data")
        data.write_bytes(_EMPTY_ARCHIVE)
        with index.open("wb") as out:
            IndexBuilder().write(out, len(_EMPTY_ARCHIVE))
        try:
            os.close(open_layer({"kind": "erofs", "index": str(index), "data": str(data)}))
        except OSError:
            return False
    return True
