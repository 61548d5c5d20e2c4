"""Caches as they travel: BuildKit's ``application/vnd.buildkit.cacheconfig.v0``.

A document of layers, and of records that say which step each of them is the result of. BuildKit
reads what is written here, and finds none of its own keys in it; a record's members beyond its own
are ours. Pure.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from boxship.base.digests import is_digest, sha256
from boxship.base.errors import InvalidParameter
from boxship.base.times import rfc3339
from boxship.builder.lending import Outcome
from boxship.images.record import parse_time
from boxship.oci import media_types
from boxship.oci.layout import Descriptor, encode

CONFIG = "application/vnd.buildkit.cacheconfig.v0"
#: The member of an image's configuration that holds its records.
INLINE = "moby.buildkit.cache.v0"
_MOST_RECORDS = 100_000
_ALGORITHM = "sha256:"


@dataclass(slots=True)
class CacheConfig:
    """*layers* by diff ID, where they are known as blobs."""

    outcomes: list[Outcome] = field(default_factory=list)
    layers: dict[str, Descriptor] = field(default_factory=dict)


def encode_config(outcomes: Sequence[Outcome], layers: Mapping[str, Descriptor]) -> bytes:
    """*layers*: the blobs, by diff ID, of all that *outcomes* speak of."""
    created = {one.diff_id: one.created for one in reversed(outcomes)}
    rows = [
        {
            "blob": blob.digest,
            "parent": -1,
            "annotations": {
                "mediaType": blob.media_type,
                "diffID": diff_id,
                "size": blob.size,
                "createdAt": rfc3339(created.get(diff_id, 0)),
            },
        }
        for diff_id, blob in layers.items()
    ]
    return encode({"layers": rows, "records": _records(outcomes, [*layers])})


def encode_inline(outcomes: Iterable[Outcome], diff_ids: Sequence[str]) -> str:
    """The records alone, as the configuration of an image with the layers *diff_ids* has them;
    outcomes with other layers are left out."""
    known = [one for one in outcomes if not one.diff_id or one.diff_id in diff_ids]
    return base64.b64encode(encode(_records(known, diff_ids))).decode()


def _records(outcomes: Iterable[Outcome], diff_ids: Sequence[str]) -> list[dict[str, Any]]:
    records = []
    for one in outcomes:
        record: dict[str, Any] = {"digest": _ALGORITHM + one.key}
        created = rfc3339(one.created)
        if one.diff_id:
            record["layers"] = [{"layer": diff_ids.index(one.diff_id), "createdAt": created}]
        records.append(
            record | {"createdAt": created, "size": one.size, "description": one.description}
        )
    return records


def encode_manifest(
    config: bytes, layers: Iterable[Descriptor], *, image: bool, oci: bool
) -> tuple[bytes, str]:
    """What names the config's blob and all layers, and its media type: shaped like an image's
    manifest, which every registry takes, or an index of blobs."""
    blob = Descriptor(CONFIG, sha256(config), len(config)).to_json()
    rows = [layer.to_json() for layer in layers]
    if image:
        kind = media_types.OCI_MANIFEST
        document = {"schemaVersion": 2, "mediaType": kind, "config": blob, "layers": rows}
    else:
        kind = media_types.OCI_INDEX if oci else media_types.DOCKER_LIST
        document = {"schemaVersion": 2, "mediaType": kind, "manifests": [*rows, blob]}
    return encode(document), kind


def read_manifest(document: Mapping[str, Any]) -> tuple[Descriptor | None, dict[str, Descriptor]]:
    """The config's descriptor, None when this is no cache's manifest, and the layers' by digest."""
    config, rows = document.get("config"), document.get("layers") or []
    if isinstance(document.get("manifests"), list):
        rows = document["manifests"]
        config = next((one for one in rows if _kind(one) == CONFIG), None)
    if _kind(config) != CONFIG or not isinstance(rows, list):
        return None, {}
    layers = [_descriptor(one) for one in rows if _kind(one) != CONFIG]
    return _descriptor(config), {layer.digest: layer for layer in layers}


def decode_config(data: bytes, blobs: Mapping[str, Descriptor]) -> CacheConfig:
    """*blobs* by digest. :class:`InvalidParameter`."""
    document = _json(data)
    if not isinstance(document, dict):
        raise InvalidParameter("invalid cache config: not an object")
    found = CacheConfig()
    diff_ids = []
    for row in _list(document.get("layers")):
        notes = row.get("annotations") or {}
        diff_id, digest = notes.get("diffID"), str(row.get("blob"))
        if not isinstance(diff_id, str) or not is_digest(diff_id) or digest not in blobs:
            raise InvalidParameter("invalid cache config: a layer without a blob")
        diff_ids.append(diff_id)
        found.layers[diff_id] = blobs[digest]
    found.outcomes = [*_outcomes(_list(document.get("records")), diff_ids)]
    return found


def decode_inline(text: Any, diff_ids: Sequence[str]) -> list[Outcome]:
    """What :func:`encode_inline` has written. :class:`InvalidParameter`."""
    if not isinstance(text, str):
        return []
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise InvalidParameter("invalid cache records: not base64") from None
    return [*_outcomes(_list(_json(data)), diff_ids)]


def _outcomes(records: list[dict[str, Any]], diff_ids: Sequence[str]) -> Iterator[Outcome]:
    for record in records:
        digest, size = record.get("digest"), record.get("size")
        if not isinstance(digest, str) or not is_digest(digest) or not isinstance(size, int):
            continue  # another builder's
        diff_id = ""
        for result in _list(record.get("layers"))[:1]:
            at = result.get("layer")
            if not isinstance(at, int) or not 0 <= at < len(diff_ids):
                raise InvalidParameter("invalid cache records: there is no such layer")
            diff_id = diff_ids[at]
        yield Outcome(
            digest.removeprefix(_ALGORITHM),
            diff_id,
            size,
            str(record.get("description") or ""),
            parse_time(record.get("createdAt")),
        )


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise InvalidParameter("invalid cache config: not JSON") from None


def _list(value: Any) -> list[dict[str, Any]]:
    rows = value if isinstance(value, list) else []
    if len(rows) > _MOST_RECORDS or not all(isinstance(row, dict) for row in rows):
        raise InvalidParameter("invalid cache config: no list of objects")
    return rows


def _kind(row: Any) -> str:
    return str(row.get("mediaType")) if isinstance(row, dict) else ""


def _descriptor(row: Any) -> Descriptor:
    digest, size = row.get("digest"), row.get("size")
    if not isinstance(digest, str) or not is_digest(digest) or not isinstance(size, int):
        raise InvalidParameter("invalid cache manifest: a blob without digest or size")
    return Descriptor(_kind(row), digest, size)
