"""The Dockerfile front end over a session: fetch what a build needs, then carry it out."""

import asyncio
import contextlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, InvalidParameter
from boxship.base.futures import all_or_none
from boxship.builder import outline
from boxship.builder.buildkit import attributes
from boxship.builder.buildkit.attachments import Material
from boxship.builder.buildkit.failure import BuildFailure, failure
from boxship.builder.buildkit.vertexes import Feed, Step, Vertexes
from boxship.builder.concurrency import Concurrency
from boxship.builder.context import understood
from boxship.builder.dockerfile.ignore import Ignored
from boxship.builder.lint.linter import check_strictness, lint, options_of
from boxship.builder.lint.options import LintOptions
from boxship.builder.lint.report import lint_report
from boxship.builder.lint.rule import Finding
from boxship.builder.needs import Needs, find_needs, together
from boxship.builder.options import BuildOptions
from boxship.builder.plan import Plan
from boxship.builder.work import Origin
from boxship.engine.building.building import EngineMachine, Sources
from boxship.engine.buildkit import cache_imports, layouts
from boxship.engine.buildkit.agents import agents
from boxship.engine.buildkit.bases import Bases, bases_of, material_of
from boxship.engine.buildkit.built import Built
from boxship.engine.buildkit.client_files import ClientFiles
from boxship.engine.buildkit.client_store import store_of
from boxship.engine.buildkit.contexts import KeptContexts
from boxship.engine.buildkit.definitions import Definitions, Source
from boxship.engine.buildkit.retarget import retargeted
from boxship.engine.buildkit.sessions import Client
from boxship.images import reference as references
from boxship.images.record import ImageRecord
from boxship.registry.credentials import Credentials
from boxship.wire.grpc.status import GrpcError

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


@dataclass(slots=True)
class Frontend:
    """One build for the client of *session*; *directory* takes what it needs meanwhile. Its steps
    will be sent elsewhere, as a cache, if *travels*."""

    engine: "Engine"
    contexts: KeptContexts
    session: Client
    feed: Feed
    ref: str
    directory: Path
    travels: bool = False
    #: The context that came with the request.
    posted: Sources | None = None
    #: The images that stages begin with, by name and platform, as far as they were there.
    materials: dict[tuple[str, str], Material] = field(default_factory=dict)
    #: Each has the images of a platform as long as it is there.
    machines: list[EngineMachine] = field(default_factory=list)
    _credentials: dict[str, Credentials] = field(default_factory=dict)
    _files: ClientFiles = field(init=False)

    def __post_init__(self) -> None:
        self._files = ClientFiles(
            self.engine, self.contexts, self.session, self.directory, self._step
        )

    @property
    def _definitions(self) -> Definitions:
        return Definitions(self.engine, self.session, self.directory, self._step, self.posted)

    async def solve(self, request: attributes.Request) -> list[Built]:
        """An image for each platform. GrpcError, with the lines of the file that it is about, when
        one fails."""
        async with contextlib.AsyncExitStack() as stack:
            if not request.context:
                stack.enter_context(self._files.expected(request.context_name))
            source = await self._definitions.load(request, stack)
            parts = [await self._part(source, request, one) for one in request.platforms or ("",)]
            await self._open_caches(request, parts)
            needs = together(part.needs for part in parts)
            ignored = await self._ignored(source, request.context_name, needs)
            await self._check(parts[0].plan, source, parts[0].bases, ignored)
            if source.context is None:
                source.context = await stack.enter_async_context(
                    self._files.context(request.context_name, needs, source.ignore)
                )
            for origin in set(request.named.values()):
                if origin.kind == "context":
                    other = await stack.enter_async_context(
                        self._files.context(origin.name, Needs(everything=True), None)
                    )
                    source.context.others[origin.name] = other.place
            secrets = await self._secrets(needs)
            sockets = await stack.enter_async_context(
                agents(self.session, needs.agents, self.directory)
            )
            for part in parts:
                part.options = replace(part.options, secrets=secrets, agents=sockets)
            concurrency = Concurrency()
            return await all_or_none(self._carry_out(source, part, concurrency) for part in parts)

    async def answer(self, request: attributes.Request) -> dict[str, bytes]:
        """What the request's question asks of the file; nothing is built. GrpcError."""
        if request.question == "frontend.subrequests.describe":
            return outline.describe()
        async with contextlib.AsyncExitStack() as stack:
            source = await self._definitions.load(request, stack)
            try:
                options = request.options
                if request.question == "frontend.targets":
                    options = replace(options, target="")  # which is none of the question
                plan = await self._plan(
                    source, options, await self._found(request.named_on(""), "")
                )
            except BuildFailure as error:
                if request.question != "frontend.lint" or error.place is None:
                    raise
                return lint_report(source.name, source.text, [], error.place)
            if request.question == "frontend.targets":
                return outline.targets(plan)
            if request.question == attributes.PLAN:
                return {"result.txt": plan.render().encode("utf-8", "surrogateescape")}
            machine = self.engine.building.machine(self._credentials, self.directory)
            bases = await self._bases(plan, request.options, machine)
            if request.question == "frontend.outline":
                return outline.outline(plan, bases.configs)
            needs = await asyncio.to_thread(find_needs, plan, bases.configs)
            ignored = await self._ignored(source, request.context_name, needs)
            _, findings = await self._lint(plan, source, bases, ignored)
            return lint_report(source.name, source.text, findings)

    async def _ignored(self, source: Source, name: str, needs: Needs) -> Ignored:
        """What the context *name* leaves out; fetched only when files of it are needed."""
        if source.context is not None:
            return source.context.ignored
        if source.ignore is None and (needs.everything or needs.paths):
            source.ignore = await self._files.ignore_file(name)
        return await understood(source.ignore or "")

    async def _lint(
        self, plan: Plan, source: Source, bases: Bases, ignored: Ignored
    ) -> tuple[LintOptions, list[Finding]]:
        try:
            options = options_of(plan)
        except BoxshipError as error:
            raise failure(error, source.name, source.text) from None
        return options, await asyncio.to_thread(
            lint, plan, options, bases.configs, ignored, bases.platforms
        )

    async def _check(self, plan: Plan, source: Source, bases: Bases, ignored: Ignored) -> None:
        """Tell of what the rules find. GrpcError when the file says that it must not be."""
        options, findings = await self._lint(plan, source, bases, ignored)
        for finding in findings:
            source.step.find(finding, source.name, source.text)
        try:
            check_strictness(options, findings)
        except BoxshipError as error:
            raise failure(error, source.name, source.text) from None

    async def _part(self, source: Source, request: attributes.Request, platform: str) -> "_Part":
        options = request.options_on(platform) if platform else request.options
        named = await self._found(request.named_on(options.platform), options.platform)
        plan = await self._plan(source, options, named)
        own = self.directory
        if len(request.platforms) > 1:
            own = Path(tempfile.mkdtemp(prefix="part-", dir=own))
        machine = self.engine.building.machine(self._credentials, own)
        self.machines.append(machine)
        machine.travels = self.travels
        bases = await self._bases(plan, options, machine)
        needs = await asyncio.to_thread(find_needs, plan, bases.configs)
        return _Part(platform, options, plan, machine, bases, needs)

    async def _found(self, named: Mapping[str, Origin], platform: str) -> dict[str, Origin]:
        """*named*, with images in place of layouts. GrpcError."""
        found = dict(named)
        for name, origin in named.items():
            if origin.kind == "layout":
                found[name] = Origin("image", await self._laid_out(name, origin.name, platform))
        return found

    async def _laid_out(self, name: str, text: str, platform: str) -> str:
        """The ID of the image that the client's store has for *text*, ``store:tag@digest``."""
        step = self._step(f"[context {name}] oci-layout://{text}")
        place, _, digest = text.partition("@")
        try:
            store = store_of(self.session, f"oci:{place.partition(':')[0]}")
            return (await layouts.load(self.engine, store, digest, platform)).id
        except (BoxshipError, GrpcError) as error:
            step.end(str(error))
            raise
        finally:
            step.end()

    async def _plan(
        self, source: Source, options: BuildOptions, named: Mapping[str, Origin]
    ) -> Plan:
        make = self.engine.building.plan
        try:
            plan = await asyncio.to_thread(make, source.text, source.name, options)
            plan.name_contexts(named)
            return plan
        except BoxshipError as error:
            raise failure(error, source.name, source.text) from None

    async def _carry_out(self, source: Source, part: "_Part", concurrency: Concurrency) -> Built:
        plan, machine = part.plan, part.machine
        progress = Vertexes(self.feed, plan, self.ref, part.platform)
        assert source.context is not None
        try:
            image = await self.engine.building.solve(
                plan, source.context, part.options, progress, machine, concurrency
            )
            image = await retargeted(self.engine.images, image, part.options.platform)
            machine.hold(image)
            unused = " ".join(plan.arguments.unused())
            if unused:
                source.step.warn(f"[Warning] One or more build-args [{unused}] were not consumed")
            lineage = frozenset(plan.lineage)
            return Built(
                part.platform, image, machine.ledger, lineage, machine.held, part.options.created
            )
        except BoxshipError as error:
            line, vertex = progress.failed, progress.failed_vertex
            raise failure(error, source.name, source.text, line, vertex) from None
        finally:
            progress.cancel()

    # images

    async def _bases(self, plan: Plan, options: BuildOptions, machine: EngineMachine) -> Bases:
        """Fetch the images that stages begin with."""
        stages = {
            stage.number: (stage.image, stage.platform or options.platform)
            for stage in plan.needed
            if stage.image
        }
        wanted = set(stages.values())
        for name, platform in wanted:
            if options.pull or not self._is_here(name, platform):
                await self._log_in(name)
        found = await asyncio.gather(
            *(self._base(name, platform, options.pull, machine) for name, platform in wanted),
            return_exceptions=True,
        )
        images = {}
        for (name, platform), image in zip(wanted, found, strict=True):
            # What is wrong with an image is told when its stage gets to it.
            if isinstance(image, ImageRecord):
                images[name, platform] = image
                self.materials[name, platform] = material_of(name, image)
            elif not isinstance(image, BoxshipError):
                raise image
        return bases_of(stages, images)

    async def _base(
        self, name: str, platform: str, pull: bool, machine: EngineMachine
    ) -> ImageRecord:
        step = self._step(f"[internal] load metadata for {references.shown(name)}")
        try:
            return await machine.base(name, platform, pull, step.say)
        except BoxshipError as error:
            step.end(str(error))
            raise
        finally:
            step.end()

    async def _open_caches(self, request: attributes.Request, parts: "list[_Part]") -> None:
        """Let steps be found in caches from elsewhere; that one is missing is no reason to fail."""
        for wanted in () if request.options.no_cache else request.caches:
            step = self._step(f"importing cache manifest from {wanted.title}")
            try:
                await self._log_in(wanted.attrs.get("ref", ""))
                found = await cache_imports.open_cache(
                    self.engine, self.session, wanted, self._credentials
                )
                for part in parts:
                    part.machine.lenders.append(found)
            except (BoxshipError, GrpcError) as error:
                step.end(str(error))
            finally:
                step.end()

    def _is_here(self, name: str, platform: str) -> bool:
        with contextlib.suppress(BoxshipError):
            self.engine.images.resolve(name, platform or None)
            return True
        return False

    async def _log_in(self, name: str) -> None:
        try:
            domain = references.parse(name).domain
        except InvalidParameter:
            return
        if domain not in self._credentials:
            self._credentials[domain] = await self.session.credentials(domain)

    # the rest of what the client has

    async def _secrets(self, needs: Needs) -> dict[str, bytes]:
        secrets = {}
        for name in sorted(needs.secrets):
            data = await self.session.secret(name)
            if data is not None:
                secrets[name] = data
        return secrets

    def _step(self, name: str) -> Step:
        return Step(self.feed, name, seed=self.ref)


@dataclass(slots=True)
class _Part:
    """The build for one *platform*, empty where there is but one."""

    platform: str
    options: BuildOptions
    plan: Plan
    machine: EngineMachine
    bases: Bases
    needs: Needs
