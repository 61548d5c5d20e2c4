"""``docker import``: stores one archive, compressed or not, as a layer."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.sandbox.workers import confine, growing, layer_sink
from boxship.sandbox.workers.descriptor import chunks
from boxship.sandbox.workers.inflate import inflate
from boxship.sandbox.workers.layer_sink import Budget

LAYER = "layer-0"  # the directory that is made


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Reads the archive from ``fds[0]``. With two descriptors that is a file which still grows, as
    :mod:`~boxship.sandbox.workers.growing` has it, and the daemon computes the diff ID.

    *args*: ``staging``, an empty directory; ``limit``, bytes that may be written; ``plain``, when
    the archive is no layer and has no whiteouts. Gives up all privileges first.
    Returns a :class:`~boxship.sandbox.workers.layer_sink.StoredLayer`, its directory relative to
    *staging*.
    """
    confine.into(args["staging"], args["limit"])
    source = chunks(fds[0]) if len(fds) == 1 else growing.chunks(*fds)
    tell = None if len(fds) == 1 else growing.teller(fds[1])
    budget = Budget(args["limit"])
    try:
        layer = layer_sink.store(inflate(source), LAYER, budget, not args.get("plain"), tell)
    except MemoryError:
        raise InvalidParameter("the archive needs too much memory") from None
    return asdict(layer)
