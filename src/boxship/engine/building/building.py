"""Everything that the engine does with builds; one method a verb."""

import asyncio
import contextlib
import os
import posixpath
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, Internal, InvalidParameter, NotFound
from boxship.builder import git_address
from boxship.builder.cache import BuildCache
from boxship.builder.classic import Classic
from boxship.builder.concurrency import Concurrency
from boxship.builder.context import EMPTY, Context, open_context
from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.lines import parse
from boxship.builder.lending import Ledger, Lender
from boxship.builder.machine import Changes, RunJob, Say, Tree
from boxship.builder.options import BuildOptions
from boxship.builder.plan import Plan, make_plan
from boxship.builder.progress import Progress
from boxship.builder.remote import Remotes
from boxship.builder.solver import Means, Solver
from boxship.builder.stage import Arguments
from boxship.builder.work import Origin
from boxship.engine.building import elsewhere
from boxship.engine.building.cache_keeper import CacheKeeper
from boxship.engine.building.cache_mounts import CacheMounts
from boxship.engine.building.digest_tables import DigestTables
from boxship.engine.building.run_step import Removal, run_step, wait_for
from boxship.engine.sharing.messages import Message, Reporter
from boxship.images import platform as platforms
from boxship.images import reference as references
from boxship.images.record import ImageRecord
from boxship.registry.credentials import ANONYMOUS, Credentials

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_ROOM = 1 << 40
_DOCKERFILE = 1 << 20
_DEFAULT_STAGE = "default"


@dataclass(slots=True)
class Upload:
    """A context that a client has sent: *tree* until :meth:`close`."""

    tree: Tree
    stack: contextlib.ExitStack

    def close(self) -> None:
        self.stack.close()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a build's files are: an *upload*, which the build closes, a *remote* address, or a
    an *archive* of this machine. *dockerfile* is a path in it, unless *text* is the Dockerfile
    itself. *keep_git*: a repository keeps its ``.git``. *credentials* by registry.
    """

    upload: Upload | None = None
    remote: str = ""
    archive: Path | None = None
    dockerfile: str = "Dockerfile"
    text: str = ""
    keep_git: bool = False
    credentials: Mapping[str, Credentials] = field(default_factory=dict)


class Building:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.cache = BuildCache(engine.database)
        self._machines: weakref.WeakSet[EngineMachine] = weakref.WeakSet()
        self.cache_mounts = CacheMounts(
            engine.options.data_root / "build" / "mounts", engine.database
        )
        self._digests = DigestTables(engine.options.data_root / "build" / "digests")
        self._keeper = CacheKeeper(engine, self.cache, self.cache_mounts, self._digests)
        self.collect = self._keeper.collect
        self.prune, self.usage = self._keeper.prune, self._keeper.usage
        self.disk_usage = self._keeper.disk_usage

    def build(self, sources: Sources, options: BuildOptions) -> AsyncGenerator[Message, None]:
        """Messages of the classic builder's stream. Closing the iterator ends the build, and
        everything that it started."""
        return Reporter().run(lambda reporter: self._build(sources, options, reporter))

    async def _explained(self, text: str, name: str, options: BuildOptions) -> Plan:
        try:
            return await asyncio.to_thread(self.plan, text, name, options)
        except DockerfileError as error:
            raise InvalidParameter(error.explain(text, name)) from None

    async def receive(self, fd: int) -> Upload:
        """Take in the archive, compressed or not, that *fd* (the caller's) has."""
        with contextlib.ExitStack() as stack:
            directory = stack.enter_context(self._engine.images.staging())
            tree = await self._unpacked(fd, directory)
            stack.callback(self.forget, tree)
            return Upload(tree, stack.pop_all())

    def forget(self, tree: Tree) -> None:
        """*tree* will change, or go away."""
        keys = [row.get("index") or row["path"] for row in tree["layers"]]
        if keys:
            self._engine.supervisor.forget_layers(keys)

    async def _build(self, sources: Sources, options: BuildOptions, reporter: Reporter) -> None:
        with contextlib.ExitStack() as stack:
            if sources.upload is not None:
                stack.callback(sources.upload.close)
            for tag in options.tags:
                references.parse_tagged(*_split_tag(tag))
            await self._build_in(sources, options, reporter)

    async def _build_in(self, sources: Sources, options: BuildOptions, reporter: Reporter) -> None:
        with contextlib.ExitStack() as stack:
            directory = stack.enter_context(self._engine.images.staging())
            machine = self.machine(sources.credentials, directory)
            stack.callback(self.release, machine)
            machine.takes_other_platforms = False
            async with self.context(sources, directory) as (context, text):
                plan = await self._explained(text, sources.dockerfile, options)
                try:
                    more = len(options.labels)
                    listener = Classic(reporter.send, plan, options.quiet, reporter.room, more)
                    listener.start()
                    image = await self.solve(plan, context, options, listener, machine)
                except DockerfileError as error:
                    listener.flush()
                    raise InvalidParameter(error.explain(text, sources.dockerfile)) from None
                except BoxshipError:
                    listener.flush()
                    raise
                listener.built(image, plan.arguments.unused())
                await self._tag(image, options, listener)
        await self._keeper.collect()

    def plan(self, text: str, name: str, options: BuildOptions) -> Plan:
        """What a build of *text* would do. :class:`DockerfileError` when it cannot be."""
        here = platforms.host()
        wanted = platforms.parse_served(options.platform) if options.platform else here
        given = {
            f"{prefix}{key}": value
            for prefix, where in (("BUILD", here), ("TARGET", wanted))
            for key, value in (
                ("PLATFORM", str(where)),
                ("OS", where.os),
                ("ARCH", where.architecture),
                ("VARIANT", where.variant),
                ("OSVERSION", ""),
            )
        }
        given["TARGETSTAGE"] = options.target or _DEFAULT_STAGE
        arguments = Arguments(options.build_args, {}, given)
        # Images and messages are JSON: what is no text in the file is none there either.
        readable = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return make_plan(parse(readable, name), arguments, options.target)

    def machine(self, credentials: Mapping[str, Credentials], directory: Path) -> "EngineMachine":
        """What one build works with. *directory* takes what its steps need meanwhile."""
        machine = EngineMachine(self._engine, credentials, directory)
        self._machines.add(machine)
        return machine

    def release(self, machine: "EngineMachine") -> None:
        """Its build is over: nothing that it has made is kept for it any longer."""
        self._machines.discard(machine)
        # Its client need not wait for what goes.
        self._engine.background(self._engine.images.forget_steps())

    def is_using(self, image_id: str) -> bool:
        """Whether a build that runs now began with the image, or has made it."""
        return any(image_id in machine.held for machine in self._machines)

    async def solve(
        self,
        plan: Plan,
        context: Context,
        options: BuildOptions,
        listener: Progress,
        machine: "EngineMachine",
        concurrency: Concurrency | None = None,
    ) -> ImageRecord:
        """Carry *plan* out; the image of its target. *concurrency*: with others that are carried
        out at the same time."""
        engine = self._engine
        means = Means(engine.images, engine.workers, machine, self.cache, self._digests)
        means.concurrency = concurrency or means.concurrency
        remotes = Remotes(machine, machine.directory)
        try:
            return await Solver(means, plan, context, options, listener, remotes).solve()
        finally:
            await remotes.close()
            await machine.close()

    async def _tag(self, image: ImageRecord, options: BuildOptions, listener: Classic) -> None:
        for tag in options.tags:
            repository, name = _split_tag(tag)
            await self._engine.images.tag(image.id, repository, name)
            listener.tagged(references.parse_tagged(repository, name).familiar)

    # contexts

    @contextlib.asynccontextmanager
    async def context(
        self, sources: Sources, directory: Path
    ) -> AsyncIterator[tuple[Context, str]]:
        """The context and the Dockerfile's text, while this lasts."""
        async with self.opened(sources, directory) as (context, text):
            name = sources.dockerfile or "Dockerfile"
            if text is None:
                raise Internal(f"Cannot locate specified Dockerfile: {posixpath.normpath(name)}")
            if not text:
                raise InvalidParameter(f"the Dockerfile ({name}) cannot be empty")
            yield context, text

    @contextlib.asynccontextmanager
    async def opened(
        self, sources: Sources, directory: Path
    ) -> AsyncIterator[tuple[Context, str | None]]:
        """The same; the Dockerfile's text is None where there is no Dockerfile."""
        tree, inside, text = await self._tree(sources, directory)
        try:
            name = sources.dockerfile or "Dockerfile"
            context, found = await open_context(self._engine.workers, tree, name, inside)
            yield context, text or sources.text or found
        finally:
            self.forget(tree)

    async def _tree(self, sources: Sources, directory: Path) -> tuple[Tree, str, str]:
        """The context's tree, the directory within, and a Dockerfile that is all there is."""
        if sources.remote:
            return await self._remote(sources.remote, directory, sources.keep_git)
        if sources.archive is not None:
            return await self._archive(sources.archive, directory)
        return sources.upload.tree if sources.upload else EMPTY, "", ""

    async def _remote(self, remote: str, directory: Path, keep_git: bool) -> tuple[Tree, str, str]:
        place = directory / "context"
        place.mkdir(mode=0o755)
        if git_address.is_git_context(remote):
            await elsewhere.clone(remote, place, keep_git)
            return _directory_tree(str(place)), git_address.parse(remote).directory, ""
        if not remote.startswith(("http://", "https://")):
            raise InvalidParameter(f"unsupported remote context: {remote}")
        await elsewhere.download(Origin("url", remote), place)
        return await self._archive(next(place.iterdir()), directory)

    async def _archive(self, file: Path, directory: Path) -> tuple[Tree, str, str]:
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            start = os.pread(fd, _DOCKERFILE, 0)
            if b"\0" not in start[:512]:
                return EMPTY, "", start.decode("utf-8", "replace")
            return await self._unpacked(fd, directory), "", ""
        finally:
            os.close(fd)

    async def _unpacked(self, fd: int, directory: Path) -> Tree:
        """Store an archive as it came, with an index that makes a tree of it."""
        staging = directory / "upload"
        staging.mkdir(mode=0o700)
        arguments = {"staging": str(staging), "limit": _ROOM, "plain": True}
        stored = await self._engine.workers.run("import", arguments, [fd])
        place = staging / Path(stored["directory"]).name
        if self._engine.images.driver != "erofs":
            return await self._tree_of_files(place / "layer.tar", directory / "tree")
        index, data = str(place / "index"), str(place / "layer.tar")
        return EMPTY | {"layers": [{"kind": "erofs", "index": index, "data": data}]}

    async def _tree_of_files(self, archive: Path, target: Path) -> Tree:
        """For kernels that mount no index: the archive unpacked into *target*."""
        target.mkdir(mode=0o755)
        fd = os.open(archive, os.O_RDONLY | os.O_CLOEXEC)
        try:
            arguments = {"target": str(target), "whiteouts": "apply"}
            await self._engine.workers.run("unpack", arguments, [fd])
        finally:
            os.close(fd)
        return _directory_tree(str(target))


class EngineMachine:
    """The engine as a solver sees it. *directory* takes what steps need meanwhile."""

    def __init__(
        self, engine: "Engine", credentials: Mapping[str, Credentials], directory: Path
    ) -> None:
        self._engine = engine
        self._credentials = credentials
        self.directory = directory
        #: IDs of images.
        self.held: set[str] = set()
        self.lenders: list[Lender] = []
        self.ledger = Ledger()
        self.travels = False
        #: Whether what a registry has, though not for the platform asked for, serves as a base.
        self.takes_other_platforms = True
        self._count = 0
        self._pulling: dict[tuple[str, str], asyncio.Lock] = {}
        self._pulled: set[tuple[str, str]] = set()
        self._removals: set[Removal] = set()

    async def base(self, name: str, platform: str, pull: bool, told: Say) -> ImageRecord:
        key = (name, platform)
        async with self._pulling.setdefault(key, asyncio.Lock()):
            images = self._engine.images
            if not pull or key in self._pulled:
                with contextlib.suppress(NotFound):
                    return images.resolve(name, platform or None)
            if key in self._pulled:
                return self._resolved(name, platform)
            reference = references.parse(name).with_default_tag()
            credentials = self._credentials.get(reference.domain, ANONYMOUS)
            tag = reference.digest or reference.tag or ""
            messages = self._engine.sharing.pull(reference.repository, tag, platform, credentials)
            async with contextlib.aclosing(messages):
                async for message in messages:
                    if "error" in message:
                        raise InvalidParameter(str(message["error"]))
                    if "progress" not in message and message.get("status"):
                        who = f"{message['id']}: " if message.get("id") else ""
                        told(f"{who}{message['status']}\n")
            self._pulled.add(key)
            return self._resolved(name, platform)

    def _resolved(self, name: str, platform: str) -> ImageRecord:
        """An image that a registry has been asked for."""
        try:
            return self._engine.images.resolve(name, platform or None)
        except NotFound:
            # A registry serves what is no list of platforms to who asks for any.
            if not self.takes_other_platforms:
                raise
            return self._engine.images.resolve(name)

    def hold(self, image: ImageRecord) -> None:
        self.held.add(image.id)

    async def run(self, job: RunJob) -> Changes:
        self._count += 1
        scratch = self.directory / f"run-{self._count}"
        return await run_step(self._engine, job, scratch, self._removals)

    async def close(self) -> None:
        """Until the containers of all steps are gone."""
        while self._removals:
            await wait_for(self._removals.pop())

    async def fetch(self, origin: Origin, directory: Path, told: Say) -> str:
        if origin.kind == "git":
            commit = await elsewhere.clone(origin.name, directory, origin.keep_git)
            if origin.checksum and not commit.startswith(origin.checksum):
                raise InvalidParameter(
                    f"expected checksum to match {origin.checksum}, got {commit}"
                )
            return commit
        return await elsewhere.download(origin, directory)


def _directory_tree(path: str) -> Tree:
    return EMPTY | {"layers": [{"kind": "dir", "path": path}]}


def _split_tag(text: str) -> tuple[str, str]:
    reference = references.parse(text)
    if reference.digest:
        raise InvalidParameter("refusing to create a tag with a digest reference")
    return reference.repository, reference.tag or "latest"
