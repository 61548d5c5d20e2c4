"""Results say that they are for the platform that was asked for, whatever they are made of."""

from boxship.images import platform as platforms
from boxship.images.adopt import NewImage
from boxship.images.images import Images
from boxship.images.record import ImageRecord
from boxship.oci.layout import encode


async def retargeted(images: Images, image: ImageRecord, asked: str) -> ImageRecord:
    """*image*, or one like it for the platform *asked*, which is empty for any."""
    wanted = platforms.parse_served(asked) if asked else image.platform
    if image.platform.runs(wanted):
        return image
    document = {**image.document, **wanted.as_oci()}
    if not wanted.variant:
        document.pop("variant", None)
    return await images.add(NewImage(encode(document), [], below=image.id))
