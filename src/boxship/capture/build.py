"""Captures programs of a machine as an image."""

import hashlib
import os
import platform
import posixpath
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from boxship.base.errors import InvalidParameter
from boxship.capture import elf, image, layer
from boxship.capture.machine import Machine
from boxship.capture.selection import Selection

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHELL = "sh"
_LABEL = "org.boxship.capture.programs"
_UNAMES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}


@dataclass(frozen=True, slots=True)
class CaptureReport:
    """What went into an image. ``image`` is its id, ``size`` the layer's bytes.

    ``programs`` says where each was found, ``missing`` which libraries were not found and who
    needs them, ``unreadable`` which files had to be left out.
    """

    image: str
    programs: dict[str, str]
    files: int
    size: int
    packages: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


def build(
    programs: Sequence[str],
    out: BinaryIO,
    tag: str,
    *,
    root: str = "/",
    environ: Mapping[str, str] | None = None,
) -> CaptureReport:
    """Write an image with *programs* and what they need to *out*, as an archive for ``load``.

    Programs are names on ``$PATH`` or paths. *out* stays the caller's and need not be seekable.
    *root* is where the machine's file system lies. The same files give the same bytes.
    :class:`NotFound` names a program that does not exist.
    """
    if not programs:
        raise InvalidParameter("name at least one program to capture")
    environ = os.environ if environ is None else environ
    machine = Machine(root, environ.get("PATH", _PATH))
    selection = Selection(machine, environ.get("PYENV_VERSION", ""))
    for program in programs:
        selection.add(program)
    with tempfile.TemporaryFile() as file:
        stored = _store(machine, selection, file)
        identity = image.write(out, stored, _describe(programs, selection), _full(tag))
        return CaptureReport(
            f"sha256:{identity}",
            selection.programs,
            len(selection.collection.members),
            stored.size,
            sorted(selection.packages.names),
            selection.missing,
            selection.collection.unreadable,
        )


def _full(tag: str) -> str:
    return f"{tag}:latest" if tag and ":" not in tag.rpartition("/")[2] else tag


def _store(machine: Machine, selection: Selection, file: "BinaryIO") -> image.Layer:
    digest = hashlib.sha256()

    def write(data: bytes) -> None:
        digest.update(data)
        file.write(data)

    layer.write(machine, selection.collection, write)
    return image.Layer(file, digest.hexdigest(), file.tell())


def _describe(programs: Sequence[str], selection: Selection) -> image.Description:
    architecture, variant = _platform(selection)
    return image.Description(
        architecture,
        variant,
        layer.newest(selection.collection),
        [_SHELL if _SHELL in programs else programs[0]],
        _search_path(selection),
        "boxship capture " + " ".join(programs),
        {_LABEL: " ".join(programs)},
    )


def _platform(selection: Selection) -> tuple[str, str]:
    """The architecture of the first program that is a binary."""
    for path in selection.programs.values():
        found = selection.libraries.elf(path)
        if found is not None and found.kind[1] in elf.MACHINES:
            return elf.MACHINES[found.kind[1]][:2]
    machine = platform.machine()
    return _UNAMES.get(machine, machine), ""


def _search_path(selection: Selection) -> str:
    """Docker's usual one, led by the directories of programs that lie elsewhere."""
    usual = _PATH.split(":")
    places = dict.fromkeys(posixpath.dirname(p) for p in selection.programs.values())
    return ":".join([*(place for place in places if place not in usual), *usual])
