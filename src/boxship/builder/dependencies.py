"""What a step depends on: its key in the cache, and the digests of the files that it uses."""

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boxship.builder.cache import key_of
from boxship.builder.file_steps import orders
from boxship.builder.machine import Place, Tree
from boxship.builder.note import Note
from boxship.builder.options import HOSTNAME, BuildOptions
from boxship.builder.stage import Effect
from boxship.builder.work import Copy, Files, Origin, Work

if TYPE_CHECKING:
    from boxship.builder.solver import Means

# What tells nothing of a step apart: the name of its container, and what BuildKit has for all.
_USUAL_NAMES = ("", HOSTNAME)


@dataclass(frozen=True, slots=True)
class Used:
    """*digests* of the files that a step uses, and the *stamp* of these files, empty where none is
    known: while it is the same, so are they."""

    digests: list[str]
    stamp: str


class Dependencies:
    """Of the steps of one build."""

    def __init__(self, means: "Means", options: BuildOptions) -> None:
        self._means = means
        self._options = options

    def key(self, chain: Sequence[str], work: Work, used: Used) -> str:
        """Of everything that decides what *work* makes on top of the layers *chain*."""
        return key_of(self.facts(chain, work, used.digests))

    def note(self, effect: Effect, used: Used) -> Note:
        """The step's line in the history."""
        if not isinstance(effect.work, Files):
            return effect.note
        actions = effect.work.actions
        # The classic builder's digest stands for all that its words leave open: where to, say.
        content = key_of([used.digests, [_without_origin(each) for each in actions]])
        count = sum(len(each.paths) if isinstance(each, Copy) else 1 for each in actions)
        return effect.note.about(f"{'file' if count == 1 else 'multi'}:{content}")

    def facts(self, chain: Sequence[str], work: Work, digests: list[str]) -> Any:
        """What :meth:`key` is the key of."""
        if isinstance(work, Files):
            below = [] if work.link else [*chain]
            own = [_without_origin(action) for action in work.actions]
            return ["files", below, work.link, own, digests, self._options.created]
        mounts = [
            [mount.kind, mount.target, mount.source, sorted(mount.options.items())]
            for mount in work.mounts
        ]
        plain = dataclasses.replace(work, mounts=(), hidden=())
        described = {f.name: getattr(plain, f.name) for f in dataclasses.fields(plain)}
        if not work.volumes:
            # Keys from before there were volumes stay the same.
            del described["volumes"]
        options = [self._options.network, *self._options.extra_hosts]
        if self._options.hostname not in _USUAL_NAMES:
            options.append(self._options.hostname)
        return ["run", [*chain], described, mounts, digests, options]

    async def used(self, work: Work, places: Mapping[Origin, Place]) -> Used:
        """What *work* uses; *places* has the origins of it."""
        actions, trees = orders(copies_of(work), places)
        copies = [action for action in actions if action["do"] == "copy"]
        if not copies:
            return Used([], "")
        if not all(place.owners or place.state for place in places.values()):
            return await self._digest(copies, trees, places)
        # What images hold stays as it is.
        key = key_of([trees, copies, [place.state for place in places.values()]])
        digests = self._means.cache.content(key)
        if digests is None:
            digests = (await self._digest(copies, trees, places)).digests
            self._means.cache.note_content(key, digests)
        return Used(digests, "")

    async def _digest(
        self, copies: list[dict[str, Any]], trees: list[Tree], places: Mapping[Origin, Place]
    ) -> Used:
        arguments: dict[str, Any] = {"actions": copies}
        names = [place.lasting for place in places.values() if place.lasting]
        with contextlib.ExitStack() as stack:
            table: tuple[int, ...] = ()
            if names:
                name = key_of([names, copies])
                table = stack.enter_context(self._means.digests.table(name))
                arguments["remember"] = True
            answer = await self._means.workers.run("build_digest", arguments, table, sources=trees)
        return Used(list(answer["digests"]), str(answer["stamp"]))

    async def are_as_they_were(
        self, work: Work, places: Mapping[Origin, Place], used: Used
    ) -> bool:
        """Whether what *work* has made is made of what it has *used*. Where a client can write to
        files meanwhile, it is no news for the cache, which others trust, unless they are still
        the same."""
        if not _may_change(places):
            return True
        return used.stamp != "" and used == await self.used(work, places)


def copies_of(work: Work) -> Files:
    """What *work* uses: the bind mounts of a RUN as copies, so that they can be digested."""
    if isinstance(work, Files):
        return work
    return Files(
        tuple(
            Copy(mount.origin, (mount.source or "/",), "/", required=True)
            for mount in work.mounts
            if mount.origin.kind != "nothing"
        )
    )


def _may_change(places: Mapping[Origin, Place]) -> bool:
    """Whether a client can write to files while they are used."""
    return any(
        not place.owners and not place.state and row.get("kind") == "dir"
        for place in places.values()
        for row in place.tree["layers"]
    )


def _without_origin(action: Any) -> list[Any]:
    """An action without where its files come from: only their content counts."""
    described = {f.name: getattr(action, f.name) for f in dataclasses.fields(action)}
    described.pop("origin", None)
    if "owner" in described:
        described["owner"] = [action.owner.chown, action.owner.chmod]
    return [type(action).__name__, described]
