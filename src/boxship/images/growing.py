"""A file that one reads while a thread still writes it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
_PIECE = 1 << 20
Tell = Callable[[int, int], None]


class Stopped(Exception):
    """Nobody wants the rest."""


class GrowingFile(Generic[T]):
    """The file *path*, which *write* makes in a thread; it says how many bytes it has read and
    written, and that ends it once :meth:`close` was called. Belongs to the running loop."""

    def __init__(self, path: Path, write: Callable[[Tell], T], tell: Callable[[int], None]) -> None:
        self.path = path
        self._tell = tell
        self._size = 0
        self._more = asyncio.Event()
        self._unwanted = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(asyncio.to_thread(write, self._grew))
        self._task.add_done_callback(self._ended)

    async def result(self) -> T:
        """What *write* returned, when it has ended."""
        return await asyncio.shield(self._task)

    async def close(self) -> None:
        """Returns when nobody writes any more."""
        self._unwanted.set()
        await asyncio.wait({self._task})

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of it, as it comes into being. Raises what *write* raised."""
        offset = 0
        while await self._exceeds(offset):
            data = await asyncio.to_thread(_read, self.path, offset, self._size - offset)
            offset += len(data)
            yield data

    async def _exceeds(self, offset: int) -> bool:
        while self._size <= offset:
            if self._task.done():
                self._task.result()
                return False
            self._more.clear()
            await self._more.wait()
        return True

    def _ended(self, task: "asyncio.Task[T]") -> None:
        self._more.set()
        if not task.cancelled():
            task.exception()  # told to whoever asks for the result

    def _grew(self, read: int, written: int) -> None:
        if self._unwanted.is_set():
            raise Stopped
        self._loop.call_soon_threadsafe(self._note, read, written)

    def _note(self, read: int, written: int) -> None:
        self._size = written
        self._tell(read)
        self._more.set()


def _read(path: Path, offset: int, most: int) -> bytes:
    with open(path, "rb", buffering=0) as file:
        file.seek(offset)
        return file.read(min(most, _PIECE))
