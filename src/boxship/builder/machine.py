"""What the builder needs of the engine: Protocols that the engine implements."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from boxship.base.errors import BoxshipError
from boxship.builder.dockerfile.ignore import Ignored
from boxship.builder.lending import Ledger, Lender
from boxship.builder.options import BuildOptions
from boxship.builder.work import Origin, Run
from boxship.images.layers import StagedLayer
from boxship.images.record import ImageRecord

Tree = dict[str, Any]
"""A rootfs spec: layers, topmost first, that nobody writes to."""
Layer = dict[str, str]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the files of an origin are: below *directory* in *tree*, under the name *only* when
    it is a single file. *owners*: they count, as those of a client's context do not. *lasting*
    names a directory that will likely be built from again; empty for trees that go away. *state*
    names what the tree holds, times apart, where that is known."""

    tree: Tree
    directory: str = ""
    only: str = ""
    owners: bool = False
    ignored: Ignored | None = None
    lasting: str = ""
    state: str = ""


class StepFailed(BoxshipError):
    """A RUN of *command* ended with *code*; ``str()`` is Docker's sentence about it."""

    def __init__(self, message: str, code: int, command: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.command = command


class WorkRunner(Protocol):
    """Runs a worker of :mod:`boxship.sandbox.workers` over mounted trees."""

    async def run(
        self,
        kind: str,
        args: dict[str, Any],
        fds: Sequence[int] = (),
        rootfs: dict[str, Any] | None = None,
        *,
        sources: Sequence[Tree] = (),
    ) -> dict[str, Any]: ...


class Digests(Protocol):
    """Remembers digests of files from build to build."""

    def table(self, name: str) -> AbstractContextManager[tuple[int, int]]:
        """Descriptors of what is known under *name*, and of the file for what is known next."""


@dataclass(frozen=True, slots=True)
class RunJob:
    """One RUN over the image *below* (None: an empty root), and over what is *above* that, if not
    nothing: layers of a rootfs spec, topmost first. *places* say by origin what its mounts
    show; *told* gets the program's output as text, after *ready*."""

    work: Run
    below: ImageRecord | None
    above: tuple[Layer, ...]
    places: Mapping[Origin, Place]
    options: BuildOptions
    told: Say
    ready: Callable[[], Awaitable[None]]


class Changes(Protocol):
    """What the program of a RUN has changed. It stays as it is until :meth:`release`."""

    def as_lower(self) -> Layer:
        """The same as a layer of rootfs specs, until then."""

    async def layer(self, directory: Path) -> StagedLayer:
        """Write it to *directory*."""

    def release(self) -> None:
        """Nobody needs it any more; not even what :meth:`as_lower` gave."""


class Machine(Protocol):
    """The engine's side of a build. *lenders* are asked for what the cache does not have; *ledger*
    takes what the steps have led to, which *travels* when others will be lent it."""

    lenders: list[Lender]
    ledger: Ledger
    travels: bool

    async def base(self, name: str, platform: str, pull: bool, told: Say) -> ImageRecord:
        """The image *name*, fetched when it is missing or *pull* asks for it."""

    def hold(self, image: ImageRecord) -> None:
        """Let nobody prune *image* while the build lasts."""

    async def run(self, job: RunJob) -> Changes:
        """Carry out a RUN; what it has changed, which the caller releases.

        :class:`StepFailed` when the program fails. Whatever happens, nothing else of it stays but,
        if the options say so, its container.
        """

    async def fetch(self, origin: Origin, directory: Path, told: Say) -> str:
        """Put what a URL or a git repository holds into *directory*; a name for its content that
        is the same for the same content. The file of a URL is the only one there."""
