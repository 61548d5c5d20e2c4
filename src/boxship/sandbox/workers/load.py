"""``docker load``: reads an archive of images and stores its layers in a staging directory."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.sandbox.workers import archive_layout, archive_members, confine
from boxship.sandbox.workers.archive_layout import FoundImage
from boxship.sandbox.workers.descriptor import chunks
from boxship.sandbox.workers.layer_sink import Budget


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Reads the archive from ``fds[0]``.

    *args*: ``staging``, an empty directory; ``limit``, bytes that may be written; ``known``, hex
    digests of the layers that need not be stored. Gives up all privileges first.

    Returns ``{"images": [{config, layers, names, parent}]}``: ``config`` is the exact text, a layer
    is a :class:`~boxship.sandbox.workers.layer_sink.StoredLayer`, its directory relative to
    *staging*.
    """
    confine.into(args["staging"], args["limit"])
    return describe(chunks(fds[0]), frozenset(args["known"]), Budget(args["limit"]))


def describe(stream: Iterator[bytes], known: frozenset[str], budget: Budget) -> dict[str, Any]:
    """The work itself, in the working directory and with the caller's privileges."""
    try:
        members = archive_members.read(stream, known, budget)
        return {"images": [_plain(image) for image in archive_layout.find(members)]}
    except MemoryError:
        raise InvalidParameter("the archive needs too much memory") from None


def _plain(image: FoundImage) -> dict[str, Any]:
    return {
        "id": "sha256:" + hashlib.sha256(image.config).hexdigest(),
        "config": image.config.decode("utf-8"),
        "layers": [asdict(layer) for layer in image.layers],
        "names": image.names,
        "parent": image.parent,
    }
