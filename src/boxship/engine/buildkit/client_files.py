"""A client's contexts: what is ignored of them, and their files."""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from boxship.builder.buildkit.vertexes import Step
from boxship.builder.context import EMPTY, Context, read_files, understood
from boxship.builder.dockerfile.ignore import Ignored, read_patterns
from boxship.builder.machine import Tree
from boxship.builder.needs import Needs
from boxship.engine.buildkit import transfer
from boxship.engine.buildkit.contexts import KeptContexts
from boxship.engine.buildkit.definitions import sizes, tree_of
from boxship.engine.buildkit.sessions import Client, Session
from boxship.engine.buildkit.synced import read_synced
from boxship.engine.buildkit.transfer import Wanted
from boxship.wire.grpc.client import OpenCall
from boxship.wire.grpc.status import GrpcError

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_IGNORE_FILE = ".dockerignore"


class ClientFiles:
    """Of the client of *session*, for one build; *directory* takes what is not *kept*."""

    def __init__(
        self,
        engine: "Engine",
        kept: KeptContexts,
        session: Client,
        directory: Path,
        begin: Callable[[str], Step],
    ) -> None:
        self._engine = engine
        self._kept = kept
        self._session = session
        self._directory = directory
        self._begin = begin
        self._asked: dict[str, tuple[Wanted, OpenCall]] = {}

    @contextlib.contextmanager
    def expected(self, name: str) -> Iterator[None]:
        """Ask at once for what the last build needed of the context *name*: a client takes longer
        to look for its files than we to find out what this one needs. If that is something else,
        nothing comes of it."""
        wanted = self._kept.wanted(self._session, name)
        if wanted is not None and isinstance(self._session, Session):
            with contextlib.suppress(GrpcError):
                self._asked[name] = wanted, transfer.ask(self._session, name, wanted)
        try:
            yield
        finally:
            self._drop(name)

    def _drop(self, name: str) -> None:
        asked = self._asked.pop(name, None)
        if asked is not None:
            asked[1].close()

    def _call(self, name: str, wanted: Wanted) -> OpenCall | None:
        """The call that was begun for just that."""
        if name in self._asked and self._asked[name][0] == wanted:
            return self._asked.pop(name)[1]
        self._drop(name)
        return None

    @contextlib.asynccontextmanager
    async def context(self, name: str, needs: Needs, ignore: str | None) -> AsyncIterator[Context]:
        """The context *name* as far as *needs* go, while this lasts. *ignore*: the text of the
        Dockerfile's own ignore file, if there is one. GrpcError."""
        if not needs.everything and not needs.paths:
            yield Context(EMPTY, Ignored([]))
            return
        if ignore is None:
            ignore = await self.ignore_file(name)
        ignored = await understood(ignore)
        given = self._session.directory(name)
        if given is not None:
            tree = tree_of(Path(given.path))
            try:
                yield Context(tree, ignored, lasting=given.lasting)
            finally:
                self._engine.building.forget(tree)
            return
        follow = None if needs.everything else tuple(sorted(needs.paths))
        wanted = Wanted(follow, tuple(read_patterns(ignore)))
        otherwise = self._own_place("context", name)
        async with self._kept.held(self._session, name, otherwise) as place:
            state = await self._fetch(name, wanted, place)
            tree = tree_of(place / "tree")
            try:
                lasting = str(place) if place.parent != self._directory else ""
                yield Context(tree, ignored, lasting=lasting, state=state)
            finally:
                self._engine.building.forget(tree)

    async def _fetch(self, name: str, wanted: Wanted, place: Path) -> str:
        """Make *place* like the client's directory; a name for what it holds then."""
        step = self._begin("[internal] load build context")
        told = sizes(step, "transferring context:")
        call = self._call(name, wanted)
        try:
            state = await transfer.fetch(self._session, name, wanted, place, told, call)
        except GrpcError as error:
            step.end(str(error))
            raise
        finally:
            step.end()
        self._kept.note(self._session, name, wanted)
        return state

    async def ignore_file(self, name: str) -> str:
        """The text of the context's ignore file, empty where there is none. GrpcError."""
        step = self._begin("[internal] load .dockerignore")
        place = self._own_place("ignore", name)
        names = [_IGNORE_FILE]
        given = self._session.directory(name)
        try:
            if given is not None:
                return await self._ignore_file_in(tree_of(Path(given.path)))
            told = sizes(step, "transferring context:")
            files = await read_synced(self._session, self._engine.workers, name, names, place, told)
        except GrpcError as error:
            step.end(str(error))
            raise
        finally:
            step.end()
        return files.get(_IGNORE_FILE, "")

    async def _ignore_file_in(self, tree: Tree) -> str:
        try:
            found = await read_files(self._engine.workers, tree, [_IGNORE_FILE])
        finally:
            # Descriptors' numbers are soon those of others.
            self._engine.building.forget(tree)
        return found.get(_IGNORE_FILE, "")

    def _own_place(self, kind: str, name: str) -> Path:
        """A path for what the client calls *name*, whatever that is."""
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
        return self._directory / f"{kind}-{digest}"
