"""One build while its client is there."""

import asyncio
import secrets

from boxship.base.times import now_ns
from boxship.builder.buildkit.attachments import Attachment, Material
from boxship.builder.buildkit.control import SolveRequest
from boxship.builder.buildkit.vertexes import Feed
from boxship.engine.building.building import EngineMachine, Sources
from boxship.engine.buildkit.built import Built


class Build:
    """*results* by the references that the client was given; *returned*: those that the client
    named at last, when it drives the build itself. *sources* are the context that came with the
    request, if it did."""

    def __init__(self, request: SolveRequest, sources: Sources | None = None) -> None:
        self.request = request
        self.sources = sources
        self.feed = Feed()
        self.results: dict[str, Built] = {}
        #: They keep its images from being removed.
        self.machines: list[EngineMachine] = []
        self.returned: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self.began = now_ns()
        #: Whether the client has asked something of the file, which has no result.
        self.answered = False
        # For those who ask later how it went.
        self.materials: list[Material] = []
        self.built: list[Built] = []
        #: Documents of what each exporter wrote, by its number, that of the whole first.
        self.exported: dict[int, list[Attachment]] = {}

    def keep(self, built: Built) -> str:
        """A new reference to *built*."""
        name = secrets.token_hex(12)
        self.results[name] = built
        return name
