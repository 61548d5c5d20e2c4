"""``--output``: what becomes of a build's result, as buildx has it."""

from __future__ import annotations

import os

from boxship.base.errors import InvalidParameter
from boxship.cli.builds.fields import read_fields, split_fields
from boxship.cli.builds.handover import temporary_file
from boxship.cli.errors import Failed
from boxship.cli.files import check_output, read_chunks, write_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.builds.handover import Handover

_IMAGES = ("image", "moby", "registry", "docker")
_FILES = ("tar", "oci", "docker", "local")
_KINDS = ("cacheonly", "docker", "image", "local", "moby", "oci", "registry", "tar")
STDOUT = "-"


class Output:
    """One result. *target* is the file or directory that takes it, empty for images here;
    ``receiver`` a descriptor of what the daemon writes."""

    def __init__(self, kind: str, attributes: dict[str, str], target: str) -> None:
        self.kind = kind
        self.attributes = attributes
        self.target = target
        self.receiver = -1

    def finish(self) -> None:
        """Put what the daemon has written where it belongs."""
        if self.receiver < 0:
            return
        try:
            self._place()
        finally:
            os.close(self.receiver)
            self.receiver = -1

    def _place(self) -> None:
        os.lseek(self.receiver, 0, os.SEEK_SET)
        if self.kind == "local":
            _unpack(self.receiver, self.target)
        else:
            target = "" if self.target == STDOUT else self.target
            write_output(target, read_chunks(self.receiver))


def outputs_of(
    texts: list[str], tags: list[str], *, push: bool, load: bool, terminal: bool
) -> list[Output]:
    """*terminal*: whether the standard output is one, which archives are not written to.
    :class:`InvalidParameter`, :class:`Failed`."""
    found = [_parse(text, terminal) for text in texts]
    if push:
        pushed = next((one for one in found if one.kind == "image"), None)
        if pushed is None:
            found.append(pushed := Output("image", {}, ""))
        pushed.attributes["push"] = "true"
    if load and not any(one.kind in _IMAGES and not one.target for one in found):
        found.append(Output("moby", {}, ""))
    if not found and not texts:
        found = [Output("moby", {}, "")]
    for one in found:
        if tags and one.kind in (*_IMAGES, "oci"):
            one.attributes.setdefault("name", ",".join(tags))
    return [one for one in found if one.kind != "cacheonly"]


def hand_over(outputs: list[Output], handover: Handover) -> None:
    """Let the daemon know of *outputs*."""
    rows: list[dict[str, Any]] = []
    for one in outputs:
        row: dict[str, Any] = {"Type": one.kind, "Attrs": one.attributes}
        if one.target:
            one.receiver = temporary_file(os.environ.get("TMPDIR") or "/tmp")
            row["Descriptor"] = handover.add(os.dup(one.receiver))
        rows.append(row)
    handover.document["Exporters"] = rows


def _parse(text: str, terminal: bool) -> Output:
    fields = split_fields(text)
    if len(fields) == 1 and "=" not in fields[0]:
        kind, attributes = ("tar" if text == STDOUT else "local"), {"dest": text}
    else:
        attributes = read_fields(text)
        kind = attributes.pop("type", "")
    if not kind:
        raise InvalidParameter("type is required for output")
    if kind not in _KINDS:
        raise InvalidParameter(f"exporter {kind} could not be found")
    if kind == "registry":
        kind, attributes["push"] = "image", "true"
    target = attributes.pop("dest", "")
    if target and kind not in _FILES:
        raise InvalidParameter(f"dest is not supported by {kind} exporter")
    return Output(*_placed(kind, attributes, target, terminal))


def _placed(
    kind: str, attributes: dict[str, str], target: str, terminal: bool
) -> tuple[str, dict[str, str], str]:
    if kind == "docker" and not target:
        return "moby", attributes, ""
    if kind == "local":
        if not target:
            raise Failed("dest is required for local exporter")
        if os.path.exists(target) and not os.path.isdir(target):
            raise Failed(f"destination directory {target} is a file")
    elif kind in _FILES:
        target = target or STDOUT
        if target == STDOUT and terminal:
            raise Failed(f"dest file is required for {kind} exporter. refusing to write to console")
        if os.path.isdir(target):
            raise Failed(f"destination file {target} is a directory")
        if target != STDOUT:
            check_output(target, f"write {kind} archive")
    return kind, attributes, target


def _unpack(descriptor: int, target: str) -> None:
    from boxship.cli.copy.places import Plan
    from boxship.cli.copy.unpack import unpack

    os.makedirs(target, exist_ok=True)
    unpack(read_chunks(descriptor), Plan(target), keep_owner=False)
