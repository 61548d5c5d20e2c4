"""``docker import``: stores one archive, compressed or not, as a layer."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.sandbox.workers import confine, layer_sink
from boxship.sandbox.workers.descriptor import chunks
from boxship.sandbox.workers.inflate import inflate
from boxship.sandbox.workers.layer_sink import Budget


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Reads the archive from ``fds[0]``.

    *args*: ``staging``, an empty directory; ``limit``, bytes that may be written; ``plain``, when
    the archive is no layer and has no whiteouts. Gives up all privileges first.
    Returns a :class:`~boxship.sandbox.workers.layer_sink.StoredLayer`, its directory relative to
    *staging*.
    """
    confine.into(args["staging"], args["limit"])
    try:
        layer = layer_sink.store(
            inflate(chunks(fds[0])), "layer-0", Budget(args["limit"]), not args.get("plain")
        )
    except MemoryError:
        raise InvalidParameter("the archive needs too much memory") from None
    return asdict(layer)
