"""What a build has led to, for those who hand it on."""

from dataclasses import dataclass, replace

from boxship.builder.lending import Ledger
from boxship.images.record import ImageRecord


@dataclass(frozen=True, slots=True)
class Built:
    """The *image* for one *platform*, which is empty where nobody asked for several. *ledger* has
    the steps of all stages, of which those in *lineage* are part of the image. *epoch*: nanoseconds
    since 1970 that the client gave for the time of everything, 0 when it gave none. *held* are
    images that stay until the build is over."""

    platform: str
    image: ImageRecord
    ledger: Ledger
    lineage: frozenset[int]
    held: set[str]
    epoch: int = 0

    def with_image(self, image: ImageRecord) -> "Built":
        self.held.add(image.id)
        return replace(self, image=image)
