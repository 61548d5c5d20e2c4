"""An image as the engine sees it, read from its configuration (OCI image-spec, config.md)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import msgspec

from boxship.base.digests import split_digest
from boxship.base.errors import InvalidParameter
from boxship.base.ids import short_id
from boxship.base.times import parse_rfc3339
from boxship.images import platform
from boxship.images.parsed_configs import ParsedConfigs
from boxship.images.platform import Platform
from boxship.images.reference import Reference
from boxship.types.container_config import ContainerConfig
from boxship.types.decode import decode

# Bytes of configurations that are kept parsed: usual ones have some thousands.
_MOST_PARSED = 8 << 20


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """A stored image. Immutable: what it says was true when it was read.

    ``raw`` is the configuration byte for byte (its SHA-256 is ``id``), ``size`` the bytes of the
    layers' files, ``parent`` the image it was committed on top of, or ``""``; ``last_tagged`` is
    in nanoseconds, 0 for never.
    """

    id: str
    raw: bytes
    parent: str
    last_tagged: int
    size: int
    diff_ids: tuple[str, ...]
    references: tuple[Reference, ...]

    @property
    def document(self) -> Mapping[str, Any]:
        """The whole configuration. Shared between callers: do not change anything inside."""
        return parse_config(self.raw)

    @property
    def config(self) -> Mapping[str, Any]:
        """The part that containers start from (``config.config``), maybe empty."""
        return _mapping(self.document.get("config"))

    @property
    def labels(self) -> Mapping[str, str]:
        return _mapping(self.config.get("Labels"))

    @property
    def platform(self) -> Platform:
        return platform.of_config(self.document)

    @property
    def created(self) -> int:
        """Nanoseconds since 1970; 0 when the configuration does not say."""
        return parse_time(self.document.get("created"))

    @property
    def short_id(self) -> str:
        return short_id(self.id)

    @property
    def repo_tags(self) -> list[str]:
        return [reference.familiar for reference in self.references if reference.tag]

    @property
    def repo_digests(self) -> list[str]:
        return [reference.familiar for reference in self.references if reference.digest]

    def layers(self) -> list[str]:
        """Diff IDs, bottom layer first."""
        return list(self.diff_ids)


class _Step(msgspec.Struct):
    """An entry of the history."""

    created: str | None = None
    created_by: str | None = None
    author: str | None = None
    comment: str | None = None
    empty_layer: bool | None = None


class Image(msgspec.Struct):
    """What clients read of an image beside ``config``: they fail on other types."""

    author: str | None = None
    created: str | None = None
    os: str | None = None
    architecture: str | None = None
    variant: str | None = None
    os_version: str | None = msgspec.field(default=None, name="os.version")
    docker_version: str | None = None
    history: list[_Step | None] | None = None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else MappingProxyType({})


def _parse(raw: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InvalidParameter(f"invalid image configuration: {error}") from None
    if not isinstance(document, dict):
        raise InvalidParameter("invalid image configuration: not an object")
    return MappingProxyType(document)


_parsed = ParsedConfigs(_parse, _MOST_PARSED)


def parse_config(raw: bytes) -> Mapping[str, Any]:
    """The configuration *raw*; :class:`InvalidParameter` when it is none."""
    return _parsed(raw)


def diff_ids_of(document: Mapping[str, Any]) -> list[str]:
    """``rootfs.diff_ids``; :class:`InvalidParameter` when malformed."""
    found = _mapping(document.get("rootfs")).get("diff_ids")
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise InvalidParameter("invalid image configuration: rootfs.diff_ids")
    return found


def parse_time(text: Any) -> int:
    """Nanoseconds since 1970 of an RFC 3339 *text*; 0 for anything else."""
    try:
        return parse_rfc3339(text) if isinstance(text, str) else 0
    except InvalidParameter:
        return 0


def container_config(document: Mapping[str, Any]) -> ContainerConfig:
    """What containers start from, typed; :class:`InvalidParameter` when a part has a wrong type."""
    return decode(ContainerConfig, json.dumps(document.get("config")).encode())


def validate(raw: bytes) -> Mapping[str, Any]:
    """The document *raw*, once it is known that everything the engine reads of it is readable."""
    document = parse_config(raw)
    decode(Image, raw)
    container_config(document)
    for diff_id in diff_ids_of(document):
        split_digest(diff_id)
    return document
