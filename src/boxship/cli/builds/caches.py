"""``--cache-from`` and ``--cache-to``; those in directories are handed over."""

from __future__ import annotations

import os

from boxship.base.errors import InvalidParameter
from boxship.cli.builds.fields import read_fields
from boxship.cli.errors import Failed
from boxship.cli.files import write_output
from boxship.client.jsontext import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.builds.handover import Handover

_TAG = "org.opencontainers.image.ref.name"  # of an index's entry (image-spec, annotations.md)
_INDEX = "application/vnd.oci.image.index.v1+json"
_LATEST = "latest"
_LAYOUT = '{"imageLayoutVersion":"1.0.0"}'


def sources_of(texts: list[str], handover: Handover) -> list[dict[str, Any]]:
    """``--cache-from`` as BuildKit's attribute. A directory without a cache is passed over."""
    found = []
    for text in texts:
        source = _read(text)
        if source["Type"] != "local" or _hand_over_source(source["Attrs"], handover):
            found.append(source)
    return found


class Targets:
    """``--cache-to``: ``rows`` for the daemon; the directories get an index when they are full."""

    def __init__(self, texts: list[str], handover: Handover) -> None:
        self.rows = [_read(text) for text in texts]
        for row in self.rows:
            attributes = row["Attrs"]
            if row["Type"] != "local":
                continue
            if not attributes.get("dest"):
                raise Failed("local cache exporter requires dest")
            os.makedirs(attributes["dest"], exist_ok=True)
            _hand_over(attributes["dest"], handover)

    def finish(self, result: dict[str, Any]) -> None:
        """Name what the daemon has written."""
        manifest = result.get("cache.manifest")
        for row in self.rows:
            if row["Type"] == "local" and manifest:
                tag = row["Attrs"].get("tag") or _LATEST
                add_to_index(row["Attrs"]["dest"], loads(manifest), tag)


def add_to_index(directory: str, descriptor: dict[str, Any], tag: str) -> None:
    """Let *tag* mean *descriptor* in the OCI layout *directory*, and nothing else."""
    entries = [one for one in entries_of(directory) if tag_of(one) != tag]
    entries.append({**descriptor, "annotations": {_TAG: tag}})
    document = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": entries}
    write_output(os.path.join(directory, "oci-layout"), [_LAYOUT.encode()])
    write_output(os.path.join(directory, "index.json"), [dumps(document).encode()])


def _read(text: str) -> dict[str, Any]:
    """``type=…,…``, or the name of an image in a registry."""
    if "=" not in text:
        return {"Type": "registry", "Attrs": {"ref": text}}
    attributes = read_fields(text)
    kind = attributes.pop("type", "")
    if not kind:
        raise InvalidParameter(f"type required form> {text!r}")
    return {"Type": kind, "Attrs": attributes}


def _hand_over_source(attributes: dict[str, str], handover: Handover) -> bool:
    """Whether there is a cache in the directory."""
    source = attributes.get("src", "")
    if not source:
        raise Failed("local cache importer requires src")
    if not attributes.get("digest"):
        tag = attributes.get("tag") or _LATEST
        found = [one for one in entries_of(source) if tag_of(one) == tag]
        if not found:
            return False
        attributes["digest"] = str(found[-1]["digest"])
    _hand_over(source, handover)
    return True


def _hand_over(directory: str, handover: Handover) -> None:
    stores = handover.document.setdefault("Stores", {})
    if f"local:{directory}" in stores:
        return
    try:
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Failed(f"open {directory}: {str(error.strerror).lower()}") from None
    stores[f"local:{directory}"] = handover.add(fd)


def entries_of(directory: str) -> list[dict[str, Any]]:
    """What the index of the OCI layout *directory* lists; nothing where there is none."""
    path = os.path.join(directory, "index.json")
    try:
        with open(path, "rb") as file:
            found = loads(file.read())
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise Failed(f"could not read {path}: {error}") from None
    entries = found.get("manifests") if isinstance(found, dict) else None
    return [one for one in entries or [] if isinstance(one, dict) and one.get("digest")]


def tag_of(entry: dict[str, Any]) -> str:
    """Empty for one without."""
    return str((entry.get("annotations") or {}).get(_TAG, ""))
