"""An image store of its own, its workers run as processes; and the Engine API over it.

``python -m support.image_store ROOT SOCKET`` serves the store until it is terminated.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boxship.api.server import App
from boxship.base import errors
from boxship.engine.events import Events
from boxship.engine.sharing.sharing import Sharing
from boxship.images.images import Images
from boxship.images.removal import ContainerUse
from boxship.images.schema import BLOB_MIGRATIONS, MIGRATIONS, STEP_MIGRATIONS, URL_MIGRATIONS
from boxship.registry.settings import RegistrySettings
from boxship.state.database import Database
from boxship.wire.server import Server

_MIGRATIONS = (*MIGRATIONS, *BLOB_MIGRATIONS, *URL_MIGRATIONS, *STEP_MIGRATIONS)

TESTS = Path(__file__).parents[1]


class WorkerProcesses:
    """Runs each worker in a fresh interpreter: to fork one with threads is unsafe."""

    async def run(self, kind: str, args: dict[str, Any], fds: Sequence[int] = ()) -> dict[str, Any]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "support.worker_process", kind, json.dumps(args)),
            *map(str, fds),
            pass_fds=fds,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent / 'src'}"},
        )
        try:
            output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        answer = json.loads(output)
        if "result" in answer:
            return dict(answer["result"])
        if "errno" in answer:
            raise OSError(answer["errno"], answer["message"])
        raise getattr(errors, answer["class"], errors.Internal)(answer["message"])


@dataclass
class Store:
    """``events`` are (action, image ID, attributes); ``uses`` are containers by image ID, ``held``
    images that a build has."""

    root: Path
    database: Database
    images: Images
    events: list[tuple[str, str, dict[str, str]]]
    forgotten: list[dict[str, str]]
    held: set[str]
    uses: dict[str, list[ContainerUse]] = field(default_factory=dict)

    def containers_using(self, image_id: str) -> list[ContainerUse]:
        return self.uses.get(image_id, [])

    async def load(self, path: Path, platform: str | None = None) -> str:
        """The text that ``docker load`` prints."""
        with path.open("rb") as archive:
            found = self.images.load(archive.fileno(), True, platform)
            return "".join([message["stream"] async for message in found])

    async def import_(self, path: Path, *args: Any, **options: Any) -> str:
        with path.open("rb") as archive:
            return await self.images.import_(archive.fileno(), *args, **options)

    async def save(self, *names: str, platform: str | None = None, since: str = "") -> bytes:
        return b"".join([piece async for piece in self.images.save(names, platform, since)])

    async def remove(self, name: str, force: bool = False) -> list[dict[str, str]]:
        return await self.images.remove(name, force, False, self.containers_using)

    def files(self) -> set[str]:
        """Every layer and every leftover of work in flight."""
        layers = (self.root / "layers/sha256").iterdir()
        return {f"sha256:{path.name}" for path in layers} | {
            str(path) for path in (self.root / "staging").iterdir()
        }


@asynccontextmanager
async def opened(root: Path) -> AsyncIterator[Store]:
    """A store over *root*, recovered as a daemon does when it starts."""
    database = Database(root / "boxship.db", _MIGRATIONS)
    events: list[tuple[str, str, dict[str, str]]] = []
    forgotten: list[dict[str, str]] = []
    held: set[str] = set()
    images = Images(
        root,
        database,
        WorkerProcesses(),
        emit=lambda *event: events.append(event),
        forget_layers=forgotten.extend,
        step_users=lambda image_id: [ContainerUse("", True)] if image_id in held else [],
    )
    store = Store(root, database, images, events, forgotten, held)
    await images.recover(store.containers_using)
    try:
        yield store
    finally:
        await images.close()
        database.close()


class ImagesOnly:
    """The slice of an engine that the image handlers use."""

    def __init__(self, store: Store) -> None:
        self.images = store.images
        self.containers_using = self.users_of = store.containers_using
        self.events = Events()
        self.sharing = Sharing(store.images, RegistrySettings(), lambda *event: None)


async def serve(root: Path, path: Path) -> None:
    """Serve the store at *root* on the socket *path* until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with opened(root) as store:
        server = Server(App(ImagesOnly(store)))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(64)
        server.listen(listener)
        await stop.wait()
        await server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2])))
