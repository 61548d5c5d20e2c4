"""What every snapshotter promises (the suite in ``tests/contract`` holds each of them to it).

A snapshotter turns layers of the store into layers of the *rootfs spec* that the runtime mounts
under overlayfs. It owns whatever it derives from them, and may be asked to derive it again.
"""

from collections.abc import Sequence
from typing import Protocol

from boxship.images.catalog import LayerRow

# {"kind": "erofs", "index": file, "data": file} or {"kind": "dir", "path": directory}
RootfsLayer = dict[str, str]


class Snapshotter(Protocol):
    @property
    def name(self) -> str:
        """What ``docker info`` and ``docker inspect`` call it."""

    async def prepare(self, stack: Sequence[LayerRow]) -> None:
        """Make the layers of *stack*, bottom first, ready for use. Does nothing the second time."""

    def layers(self, stack: Sequence[LayerRow]) -> list[RootfsLayer]:
        """*stack*, bottom first and prepared, as rootfs layers, topmost first.

        Nothing below an opaque layer is part of the answer.
        """

    def forget(self, diff_id: str) -> list[RootfsLayer]:
        """Drop what was derived from a layer; returns the rootfs layers that are no more."""


def visible(stack: Sequence[LayerRow]) -> list[LayerRow]:
    """The layers that matter, topmost first: overlayfs does not heed an opaque root by itself."""
    seen = []
    for row in reversed(stack):
        seen.append(row)
        if row.opaque:
            break
    return seen
