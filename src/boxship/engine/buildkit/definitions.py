"""The Dockerfile of a build, wherever it is, with the context when that comes along."""

import contextlib
import posixpath
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, InvalidParameter
from boxship.builder.buildkit import attributes
from boxship.builder.buildkit.vertexes import Step
from boxship.builder.context import EMPTY, Context
from boxship.builder.dockerfile.ignore import Ignored
from boxship.builder.machine import Tree
from boxship.engine.building.building import Sources
from boxship.engine.buildkit import transfer
from boxship.engine.buildkit.sessions import Client
from boxship.engine.buildkit.synced import read_synced
from boxship.wire.grpc.status import GrpcError

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

#: The address of a context that came with the request for the build.
POSTED = "http://posted.buildkit-session/"
_UPLOADS = ("http://buildkit-session/", "https://buildkit-session/")


@dataclass(slots=True)
class Source:
    """The Dockerfile *text*; *ignore*: the file that belongs to it alone; *step* loaded it."""

    step: Step
    name: str
    text: str
    ignore: str | None
    context: Context | None = None


class Definitions:
    """Those that the client of *session* may mean; *directory* takes what they need meanwhile.
    *posted* is the context :data:`POSTED`."""

    def __init__(
        self,
        engine: "Engine",
        session: Client,
        directory: Path,
        begin: Callable[[str], Step],
        posted: Sources | None = None,
    ) -> None:
        self._posted = posted
        self._engine = engine
        self._session = session
        self._directory = directory
        self._begin = begin

    async def load(self, request: attributes.Request, stack: contextlib.AsyncExitStack) -> Source:
        step = self._begin(f"[internal] load build definition from {request.filename}")
        try:
            if not request.context:
                return await self._synced_source(request, step)
            context, text = await stack.enter_async_context(self._elsewhere(request, step))
            if request.dockerfile_apart:
                source = await self._synced_source(request, step)
                source.context = context
                return source
            return Source(step, request.filename, text, "", context)
        except (BoxshipError, GrpcError) as error:
            step.end(str(error))
            raise
        finally:
            step.end()

    async def _synced_source(self, request: attributes.Request, step: Step) -> Source:
        given = self._session.definition
        if given is not None:
            text = _present(given.text, request.filename)
            return Source(step, request.filename, text, given.ignore)
        name = posixpath.normpath(request.filename)
        wanted = [name, f"{name}.dockerignore"]
        if name == "Dockerfile":
            wanted.append("dockerfile")
        files = await read_synced(
            self._session,
            self._engine.workers,
            request.dockerfile_name,
            wanted,
            self._directory / "definition",
            sizes(step, "transferring dockerfile:"),
        )
        text = _present(files.get(name, files.get("dockerfile")), name)
        return Source(step, request.filename, text, files.get(wanted[1]))

    @contextlib.asynccontextmanager
    async def _elsewhere(
        self, request: attributes.Request, step: Step
    ) -> AsyncIterator[tuple[Context, str]]:
        """A context that is not a directory of the client's, and the Dockerfile in it. Its ignore
        file counts for nothing: BuildKit applies those of local directories alone."""
        building = self._engine.building
        sources = Sources(
            remote=request.context,
            dockerfile=request.filename,
            keep_git=request.options.keep_git,
        )
        for prefix in _UPLOADS:
            if request.context.startswith(prefix):
                file = self._directory / "uploaded"
                path = "/" + request.context.removeprefix(prefix)
                await transfer.upload(self._session, path, file)
                sources = Sources(archive=file, dockerfile=request.filename)
        if self._posted is not None and request.context == POSTED:
            sources = replace(self._posted, dockerfile=request.filename)
        if request.dockerfile_apart:
            sources = replace(sources, text="#")
        async with building.opened(sources, self._directory) as (context, text):
            yield replace(context, ignored=Ignored([])), _present(text, request.filename)


def _present(text: str | None, name: str) -> str:
    """Return *text*, the content of the Dockerfile *name*. :class:`InvalidParameter` if there is
    none."""
    if text is None:
        raise InvalidParameter(f"failed to read dockerfile: open {name}: no such file or directory")
    if not text:
        raise InvalidParameter("the Dockerfile cannot be empty")
    return text


def tree_of(path: Path) -> Tree:
    return EMPTY | {"layers": [{"kind": "dir", "path": str(path)}]}


def sizes(step: Step, name: str) -> transfer.Told:
    def told(size: int, done: bool) -> None:
        step.status(name, size, done=done)

    return told
