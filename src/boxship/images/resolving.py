"""From what a user calls an image to the image."""

from boxship.base.errors import NotFound
from boxship.images import platform as platforms
from boxship.images import reference as references
from boxship.images.catalog import Catalog
from boxship.images.platform import Platform
from boxship.images.record import ImageRecord


def resolve(catalog: Catalog, name: str, platform: str | None = None) -> ImageRecord:
    """*name* is a tag, a digest reference, an ID or an unambiguous beginning of one.

    :class:`~boxship.base.errors.InvalidParameter` when it is malformed, :class:`NotFound` in
    Docker's words when there is no such image, or none of *platform*.
    """
    wanted = platforms.parse(platform) if platform else None
    image_id = references.as_image_id(name)
    if image_id is not None:
        return _pick(catalog, [image_id], wanted, image_id)
    reference = references.parse(name).with_default_tag()
    found = catalog.tagged(reference)
    if not found:
        digits = references.as_id_prefix(name)
        found = catalog.with_prefix(digits) if digits else []
        # An ambiguous prefix names nothing.
        found = found if len(found) == 1 else []
    return _pick(catalog, found, wanted, reference.familiar)


def _pick(
    catalog: Catalog, image_ids: list[str], wanted: Platform | None, shown: str
) -> ImageRecord:
    records = {record.id: record for record in catalog.records(image_ids)}
    candidates = [records[image_id] for image_id in image_ids if image_id in records]
    if not candidates:
        raise NotFound(f"No such image: {shown}")
    if wanted is None:
        return candidates[0]
    chosen = platforms.choose([record.platform for record in candidates], wanted)
    if chosen is not None:
        return candidates[chosen]
    raise NotFound(
        f"image with reference {shown} was found but does not provide the specified platform "
        f"({wanted})"
    )


def is_id_prefix(image_id: str, name: str) -> bool:
    """Whether *name* means the image by its ID and not by a tag."""
    return image_id.startswith(name) or image_id.removeprefix("sha256:").startswith(name)
