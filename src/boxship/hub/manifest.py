"""Checks a manifest that somebody pushes, and finds what it refers to."""

from typing import Any

import msgspec

from boxship.base.digests import is_digest
from boxship.hub.storage.records import NewManifest
from boxship.oci.distribution.errors import DistributionError
from boxship.oci.media_types import INDEXES, MANIFESTS

_FOREIGN = (
    "application/vnd.docker.image.rootfs.foreign.",
    "application/vnd.oci.image.layer.nondistributable.",
)
_SIZE = 1 << 62


class Descriptor(msgspec.Struct, rename="camel"):
    """OCI image-spec, descriptor.md, as far as a registry reads it."""

    media_type: str
    digest: str
    size: int
    platform: dict[str, Any] | None = None
    urls: list[str] | None = None

    @property
    def foreign(self) -> bool:
        """Fetched from elsewhere: its blob need not be here."""
        return bool(self.urls) or self.media_type.startswith(_FOREIGN)


class Document(msgspec.Struct, rename="camel"):
    """Image manifest and image index, OCI's and Docker's, in one."""

    schema_version: int
    media_type: str = ""
    artifact_type: str = ""
    config: Descriptor | None = None
    layers: list[Descriptor] | None = None
    manifests: list[Descriptor] | None = None
    subject: Descriptor | None = None
    annotations: dict[str, str] | None = None


_decoder = msgspec.json.Decoder(Document)


def read(content: bytes) -> Document:
    """*content* as a document; MANIFEST_INVALID when it is none."""
    try:
        return _decoder.decode(content)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise _invalid(f"manifest is malformed: {error}") from None


def check(content: bytes, content_type: str, digest: str) -> NewManifest:
    """The manifest *content*, which *digest* is known to fit."""
    document = read(content)
    media_type = _media_type(document, content_type)
    if document.schema_version != 2:
        raise _invalid(f"schemaVersion {document.schema_version} is not supported: only 2 is")
    blobs, manifests = _parts(document, media_type)
    subject = document.subject
    for descriptor in [*blobs, *manifests, *([subject] if subject else [])]:
        _check_descriptor(descriptor)
    artifact_type = document.artifact_type
    if not artifact_type and document.config is not None:
        artifact_type = document.config.media_type
    referrer = {"mediaType": media_type, "digest": digest, "size": len(content)}
    if artifact_type:
        referrer["artifactType"] = artifact_type
    if document.annotations:
        referrer["annotations"] = document.annotations
    return NewManifest(
        digest=digest,
        media_type=media_type,
        content=content,
        blobs=tuple(dict.fromkeys(each.digest for each in blobs if not each.foreign)),
        manifests=tuple(dict.fromkeys(each.digest for each in manifests)),
        subject=subject.digest if subject else None,
        artifact_type=artifact_type,
        referrer=msgspec.json.encode(referrer) if subject else b"",
    )


def _media_type(document: Document, content_type: str) -> str:
    sent = content_type.partition(";")[0].strip()
    written = document.media_type
    if sent and written and sent != written:
        raise _invalid(f"mediaType {written!r} does not fit Content-Type {sent!r}")
    media_type = sent or written
    if media_type not in INDEXES | MANIFESTS:
        raise _invalid(f"media type {media_type!r} of the manifest is not supported")
    return media_type


def _parts(document: Document, media_type: str) -> tuple[list[Descriptor], list[Descriptor]]:
    """The blobs and the manifests that *document* refers to."""
    if media_type in INDEXES:
        if document.manifests is None or document.config or document.layers:
            raise _invalid("an index has manifests, and neither config nor layers")
        return [], document.manifests
    if document.config is None or document.layers is None or document.manifests:
        raise _invalid("an image manifest has config and layers, and no manifests")
    return [document.config, *document.layers], []


def _check_descriptor(descriptor: Descriptor) -> None:
    if not is_digest(descriptor.digest):
        raise _invalid(f"invalid digest {descriptor.digest[:200]!r} in the manifest")
    if not 0 <= descriptor.size < _SIZE:
        raise _invalid(f"invalid size {descriptor.size} in the manifest")


def _invalid(message: str) -> DistributionError:
    return DistributionError("MANIFEST_INVALID", message)
