"""Files from elsewhere, fetched once a build: URLs and git repositories."""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path

from boxship.builder import git_address
from boxship.builder.context import EMPTY
from boxship.builder.machine import Machine, Place, Say
from boxship.builder.work import Origin


@dataclass(slots=True)
class Remotes:
    """Keeps what it fetches below *directory*, which is its owner's to remove."""

    machine: Machine
    directory: Path
    _places: "dict[Origin, asyncio.Future[Place]]" = field(default_factory=dict)

    async def place(self, origin: Origin, told: Say) -> Place:
        """Where the files of *origin* are. Several may ask at the same time."""
        known = self._places.get(origin)
        if known is None:
            directory = self.directory / f"remote-{len(self._places)}"
            known = asyncio.ensure_future(self._fetch(origin, directory, told))
            self._places[origin] = known
        return await asyncio.shield(known)

    async def _fetch(self, origin: Origin, directory: Path, told: Say) -> Place:
        directory.mkdir(mode=0o755)
        await self.machine.fetch(origin, directory, told)
        only = os.listdir(directory)[0] if origin.kind == "url" else ""
        tree = EMPTY | {"layers": [{"kind": "dir", "path": str(directory)}]}
        inside = git_address.parse(origin.name).directory if origin.kind == "git" else ""
        return Place(tree, inside, only)

    async def close(self) -> None:
        """End what is still being fetched."""
        for task in self._places.values():
            task.cancel()
        await asyncio.gather(*self._places.values(), return_exceptions=True)
