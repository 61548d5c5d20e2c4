"""The images that stages begin with, as a front end sees them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.builder.buildkit.attachments import Material
from boxship.builder.lint.bases import BasePlatform
from boxship.engine.building import emulation
from boxship.images import platform as platforms
from boxship.images import reference as references
from boxship.images.record import ImageRecord

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Bases:
    """What stages begin with: configurations by the names that they give them, and platforms by
    the stages' numbers."""

    configs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    platforms: dict[int, BasePlatform] = field(default_factory=dict)


def bases_of(stages: Mapping[int, Key], images: Mapping[Key, ImageRecord]) -> Bases:
    """*stages*: by number, the name and the platform that each asks for; *images* by these."""
    return Bases(
        {name: image.config for (name, _), image in images.items()},
        {
            number: _platform(images[key], key[1])
            for number, key in stages.items()
            if key in images and images[key].diff_ids
        },
    )


def _platform(image: ImageRecord, asked: str) -> BasePlatform:
    """Who asks for no platform gets what the image is for, if this machine runs that."""
    if asked:
        return BasePlatform(image.platform, platforms.parse(asked))
    here = image.platform in emulation.served()
    return BasePlatform(image.platform, image.platform if here else platforms.host())


def material_of(name: str, image: ImageRecord) -> Material:
    """What provenance says of *image*, which was asked for as *name*."""
    platform = str(image.platform)
    try:
        known = references.parse(name).with_default_tag()
    except InvalidParameter:
        return Material(name, "", platform, image.id)
    return Material(known.familiar_name, known.tag or "", platform, image.id)
