"""The messages of Docker's progress stream (``jsonmessage``), and how often they are sent."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from boxship.base.errors import BoxshipError, Internal
from boxship.base.ids import short_id

Message = dict[str, Any]
_INTERVAL = 0.1  # seconds between two messages about one transfer
_QUEUE = 1024
_FAR_BEHIND = 64
_BAR = 50
_UNITS = ("B", "kB", "MB", "GB", "TB")


class Reporter:
    """Collects messages for one client. ``say`` never waits: progress that nobody reads is lost,
    the rest is kept."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self._taken = asyncio.Event()

    def say(self, status: str, layer: str = "", **more: Any) -> None:
        """*layer* is a digest or a tag; its short form is what the client sees."""
        message: Message = {"status": status, **more}
        if layer:
            message.setdefault("progressDetail", {})
            message["id"] = short_id(layer) if ":" in layer else layer
        self._queue.put_nowait(message)

    def send(self, message: Message) -> None:
        self._queue.put_nowait(message)

    async def room(self) -> None:
        """Wait while the client is far behind: for those who may have much to say."""
        while self._queue.qsize() > _FAR_BEHIND:
            self._taken.clear()
            await self._taken.wait()

    def move(self, status: str, layer: str, current: int, total: int) -> None:
        """How far a transfer has come, in bytes."""
        if self._queue.qsize() < _QUEUE:
            detail = {"current": current, "total": total}
            self.say(status, layer, progressDetail=detail, progress=bar(current, total))

    async def run(
        self, work: Callable[["Reporter"], Awaitable[None]]
    ) -> AsyncGenerator[Message, None]:
        """The messages of *work* while it runs; it is cancelled when nobody reads them any more.

        An error before the first message is raised, a later one becomes the last message.
        """
        task = asyncio.ensure_future(work(self))
        task.add_done_callback(lambda _: self._queue.put_nowait(None))
        begun = False
        try:
            while (message := await self._queue.get()) is not None:
                self._taken.set()
                yield message
                begun = True
            await _outcome(task)
        except BoxshipError as error:
            if not begun:
                raise
            # Of programs that failed in a build, clients exit with the code.
            code = getattr(error, "code", None)
            detail = {"message": str(error)} if code is None else {"code": code}
            yield {"errorDetail": detail | {"message": str(error)}, "error": str(error)}
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _outcome(task: "asyncio.Future[None]") -> None:
    """Wait for *task*; of several failures the first one counts, and disks are told of in words."""
    try:
        await task
    except BaseExceptionGroup as group:
        raise _readable(group.exceptions[0]) from None
    except OSError as error:
        raise _readable(error) from None


def _readable(error: BaseException) -> BaseException:
    if isinstance(error, OSError):
        return Internal((error.strerror or str(error)).lower())
    return error


class Meter:
    """Reports a transfer of *total* bytes, not too often."""

    def __init__(self, tell: Callable[[int, int], None], total: int) -> None:
        self._tell = tell
        self._total = total
        self._at = 0.0

    def at(self, current: int) -> None:
        now = time.monotonic()
        if now - self._at >= _INTERVAL:
            self._at = now
            self._tell(current, self._total)


def bar(current: int, total: int) -> str:
    """The ``progress`` text that older clients print as it is."""
    if total <= 0 or current > total:
        return f"{_human(current):>8}"
    done = _BAR * current // total
    return f"[{'=' * done}>{' ' * (_BAR - done)}] {_human(current):>8}/{_human(total)}"


def _human(size: float) -> str:
    """Four digits and a decimal unit."""
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.4g}{_UNITS[unit]}"
