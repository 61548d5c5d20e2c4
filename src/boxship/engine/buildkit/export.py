"""One exporter's work, as all exporters see it."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from boxship.base.errors import InvalidParameter
from boxship.builder.buildkit.attachments import Attachment
from boxship.builder.buildkit.control import Exporter
from boxship.builder.buildkit.vertexes import Step
from boxship.engine.buildkit import switches
from boxship.engine.buildkit.built import Built
from boxship.engine.buildkit.sessions import Client
from boxship.images import platform as platforms
from boxship.images import reference as references
from boxship.images.record import ImageRecord
from boxship.images.reference import Reference

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_MOST_NAMES = 1000


@dataclass(slots=True)
class Export:
    """One exporter's work, which lasts *until* then. *documents* are those of what was written,
    that of the whole first, for who asks later."""

    engine: "Engine"
    wanted: Exporter
    results: Sequence[Built]
    session: Client
    step: Step
    until: contextlib.ExitStack
    documents: list[Attachment] = field(default_factory=list)
    _directory: Path | None = None

    @property
    def directory(self) -> Path:
        """Empty at first; goes away afterwards."""
        if self._directory is None:
            self._directory = self.until.enter_context(self.engine.images.staging())
        return self._directory

    @property
    def attrs(self) -> Mapping[str, str]:
        return self.wanted.attrs

    def is_set(self, name: str) -> bool:
        return switches.is_on(self.attrs, name)

    @property
    def images(self) -> list[ImageRecord]:
        """One for each platform, that of this machine first."""
        here = platforms.host()
        found = {built.image.id: built.image for built in self.results}
        return sorted(found.values(), key=lambda image: not image.platform.runs(here))

    def names(self) -> list[Reference]:
        """What the images are to be called. :class:`InvalidParameter`."""
        return names_in(self.attrs)

    def told(self, size: int, done: bool) -> None:
        self.step.status("copying files", size, done=done)


def names_in(attrs: Mapping[str, str]) -> list[Reference]:
    """Return the names that an exporter with *attrs* gives to images; they have no tag where they
    are pushed by digest. :class:`InvalidParameter`."""
    by_digest = switches.is_on(attrs, "push") and switches.is_on(attrs, "push-by-digest")
    texts = attrs.get("name", "").split(",")
    if len(texts) > _MOST_NAMES:
        raise InvalidParameter(f"more than {_MOST_NAMES} names")
    names = []
    for text in filter(None, texts):
        name = references.parse(text)
        if name.digest:
            raise InvalidParameter("refusing to create a tag with a digest reference")
        if by_digest and name.tag:
            raise InvalidParameter(f"can't push tagged ref {name} by digest")
        names.append(name if by_digest else name.with_default_tag())
    return names
