"""The slice of the engine that the image handlers use."""

from collections.abc import Sequence
from typing import Protocol

from boxship.engine.sharing.sharing import Sharing
from boxship.images.images import Images
from boxship.images.removal import ContainerUse


class Engine(Protocol):
    @property
    def images(self) -> Images:
        """The store of images."""

    @property
    def sharing(self) -> Sharing:
        """Images to and from registries."""

    def containers_using(self, image_id: str) -> Sequence[ContainerUse]:
        """The containers that were made from an image."""

    def users_of(self, image_id: str) -> Sequence[ContainerUse]:
        """Those, and one with an empty ID when builds need the image."""
