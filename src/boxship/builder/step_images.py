"""The images that stand for steps: found again where a step has led to one before, or made."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from boxship.base.errors import InvalidParameter
from boxship.base.times import now_ns, rfc3339
from boxship.builder.note import BUILDKIT, Note
from boxship.builder.options import BuildOptions
from boxship.builder.progress import Progress
from boxship.builder.stage import Stage
from boxship.images import host_platform
from boxship.images import platform as platforms
from boxship.images.adopt import NewImage
from boxship.images.creation import Origin, encode_image
from boxship.images.layers import StagedLayer
from boxship.images.record import ImageRecord

if TYPE_CHECKING:
    from boxship.builder.solver import Means

# Registries and clients take no larger ones either.
_MOST_CONFIG = 8 << 20
# Each image has the history of all steps before it: bytes of all images of one build, from which on
# steps without layers have none of their own, and at which it ends.
_MANY, _MOST = 16 << 20, 256 << 20


@dataclass(slots=True)
class Position:
    """How far a stage has come: the *image* so far, None while nothing has been made, and *noted*
    steps since then, which have changed the configuration alone, of *size* bytes. Those of which
    the history is not to tell have no text.

    *platform* as asked for, empty for this machine's. *is_dated*: a layer was made after some that
    have changed the configuration alone. *keys*: the cache keys of the steps up to here, which a
    step that has changed no file shares with one that repeats it."""

    image: ImageRecord | None
    platform: str = ""
    noted: list[Origin] = field(default_factory=list)
    size: int = 0
    is_dated: bool = False
    keys: set[str] = field(default_factory=set)

    @property
    def chain(self) -> tuple[str, ...]:
        """The layers, bottom first: what a step that looks at files depends on."""
        return self.image.diff_ids if self.image else ()

    @property
    def made_for(self) -> platforms.Platform:
        if self.image is not None:
            return self.image.platform
        return platforms.parse_served(self.platform) if self.platform else platforms.host()

    @property
    def depth(self) -> int:
        """How many steps have led to the image."""
        return len(self.image.document.get("history") or []) if self.image else 0


@dataclass(frozen=True, slots=True)
class Made:
    """What a step has led to. *layer* is None when it is stored already; *diff_id* when nothing was
    changed."""

    diff_id: str | None
    layer: StagedLayer | None
    created: int
    is_new: bool


class StepImages:
    """Of one stage, whose *number* is told."""

    def __init__(
        self, means: "Means", options: BuildOptions, progress: Progress, number: int
    ) -> None:
        self._means = means
        self._options = options
        self._progress = progress
        self._number = number

    async def add(self, position: Position, stage: Stage, note: Note, made: Made) -> None:
        """Move *position* on by what a step has *made*."""
        if made.diff_id is None and not made.is_new and not self._shows_all:
            self._progress.cached(self._number)
        await self.describe(position, stage, note, made)

    async def describe(self, position: Position, stage: Stage, note: Note, made: Made) -> None:
        """The same of a step that may have made nothing. Then it need not have an image: nobody
        but the classic builder's clients sees it."""
        step = self._step(position, stage, note, made)
        if made.diff_id is not None or self._shows_all:
            await self._add(position, stage, step, made)
            return
        position.noted.append(step)
        position.size += len(step.created_by)
        _check(position.size)

    @property
    def _shows_all(self) -> bool:
        return self._options.step_images and self._means.concurrency.spent < _MANY

    async def settle(self, position: Position, stage: Stage) -> None:
        """Let *position* have an image with all steps so far."""
        if position.noted:
            last = position.noted.pop()
            await self._add(position, stage, last, Made(None, None, last.created, is_new=False))

    async def nothing(self, position: Position, stage: Stage) -> ImageRecord:
        """The image of a stage without a base in which nothing was done."""
        origin = Origin(self._options.created or now_ns())
        raw = encode_image(stage.config, position.made_for, origin, None, None, steps=())
        image = await self._means.images.add(self._new(raw, [], ""))
        self._means.machine.hold(image)
        return image

    def _step(self, position: Position, stage: Stage, note: Note, made: Made) -> Origin:
        if self._options.buildkit_history:
            return Origin(made.created, comment=BUILDKIT, created_by=note.buildkit)
        return Origin(made.created, author=stage.author, created_by=note.classic)

    async def _add(self, position: Position, stage: Stage, step: Origin, made: Made) -> None:
        if self._options.buildkit_history and not self._options.created:
            step = _dated(position, step, made)
            made = replace(made, created=step.created)
        steps = [one for one in (*position.noted, step) if one.created_by]
        if not made.is_new and not self._options.no_cache:
            found = self._existing(position, stage, steps, made)
            if found is not None:
                self._progress.cached(self._number)
                self._move(position, found)
                return
        if made.diff_id is None and not made.is_new:
            self._warn(position)
        raw = self._encode(position, stage, steps, made)
        parent = position.image.id if position.image else ""
        new = self._new(raw, [made.layer] if made.layer else [], parent)
        if not made.is_new and made.diff_id is not None:
            self._progress.cached(self._number)
        self._move(position, await self._means.images.add(new))

    def _new(self, raw: bytes, layers: list[StagedLayer], below: str) -> NewImage:
        if self._options.buildkit_history:
            return NewImage(raw, layers, below=below)
        return NewImage(raw, layers, below)

    def _warn(self, position: Position) -> None:
        """What is said where Docker's classic builder makes a container, for any step."""
        if not self._options.step_images or position.image is None:
            return
        foreign = host_platform.mismatch(position.image.platform)
        if foreign:
            self._progress.say(self._number, f" ---> [Warning] {foreign}\n")

    def _move(self, position: Position, image: ImageRecord) -> None:
        position.image = image
        position.noted.clear()
        position.size = 0
        self._means.concurrency.spent += len(image.raw)
        self._means.machine.hold(image)

    def _encode(self, position: Position, stage: Stage, steps: list[Origin], made: Made) -> bytes:
        # BuildKit leaves it out.
        version = {"docker_version": ""} if self._options.buildkit_history else {}
        raw = encode_image(
            stage.config,
            position.made_for,
            Origin(made.created, author=self._author(position, stage)),
            position.image,
            made.diff_id,
            steps=steps,
            **version,
        )
        _check(len(raw))
        if self._means.concurrency.spent + len(raw) > _MOST:
            raise InvalidParameter(f"the images of the steps have more than {_MOST} bytes together")
        return raw

    def _author(self, position: Position, stage: Stage) -> str:
        """Of a stage that names none, with BuildKit the one of what it is on top of."""
        if stage.author or position.image is None or not self._options.buildkit_history:
            return stage.author
        return str(position.image.document.get("author") or "")

    def _existing(
        self, position: Position, stage: Stage, steps: list[Origin], made: Made
    ) -> ImageRecord | None:
        """The last image that these steps have led to before: others may be on top of that."""
        parent = position.image.id if position.image else ""
        chain = position.chain + ((made.diff_id,) if made.diff_id else ())
        texts = [one.created_by for one in steps]
        times = [*(rfc3339(one.created) for one in steps), rfc3339(made.created)]
        images = self._means.images
        of_buildkit = self._options.buildkit_history
        # Nothing tells how old what has no layers is; and with the classic builder, other steps.
        is_dated = bool(self._options.created) or (of_buildkit and bool(chain))
        children = images.steps.above(parent) if of_buildkit else images.children(parent)
        for image in sorted(children, key=lambda child: child.created, reverse=True):
            if image.diff_ids != chain or image.platform != position.made_for:
                continue
            own = (image.document.get("history") or [])[position.depth :]
            if image.config != stage.config or [row.get("created_by") for row in own] != texts:
                continue
            if not is_dated or [row.get("created") for row in (*own, image.document)] == times:
                return image
        return None


def _dated(position: Position, step: Origin, made: Made) -> Origin:
    """*step* and those noted as BuildKit dates them: without a layer they have the time of the last
    one; in front of the first layer that comes after any, that of this. So what is found again,
    wherever, leads to the same image."""
    last = position.image.created if position.image is not None else 0
    moment = made.created
    if last and (made.diff_id is None or position.is_dated):
        moment = last
    position.noted = [replace(one, created=moment) for one in position.noted]
    if made.diff_id is None:
        return replace(step, created=moment)
    position.is_dated |= bool(position.noted)
    return step


def _check(size: int) -> None:
    if size > _MOST_CONFIG:
        raise InvalidParameter(f"the image's configuration has more than {_MOST_CONFIG} bytes")
