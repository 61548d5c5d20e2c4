"""The event hub: what happened, to whom, told to everybody who listens.

Answers ``GET /events`` (Engine API, operation SystemEvents). Listeners never slow the engine or
each other down: each has a bounded queue, and one that does not keep up is dropped.
"""

import asyncio
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from boxship.base.times import now_ns

HISTORY = 256
QUEUE = 4096
_LEGACY = frozenset({"container", "image"})


@dataclass(frozen=True, slots=True)
class Event:
    type: str
    action: str
    id: str
    attributes: Mapping[str, str]
    time_ns: int
    scope: str = "local"

    def message(self) -> dict[str, Any]:
        """The event as the API shows it, with the older members that clients still read."""
        message: dict[str, Any] = {}
        if self.type in _LEGACY:
            message["status"] = self.action
            if self.id:
                message["id"] = self.id
            if self.type == "container" and (image := self.attributes.get("image")):
                message["from"] = image
        message["Type"] = self.type
        message["Action"] = self.action
        message["Actor"] = {"ID": self.id, "Attributes": dict(self.attributes)}
        message["scope"] = self.scope
        message["time"] = self.time_ns // 1_000_000_000
        message["timeNano"] = self.time_ns
        return message


Accept = Callable[[Event], bool]
_END = None


class _Listener:
    __slots__ = ("__weakref__", "accept", "queue")

    def __init__(self, accept: Accept) -> None:
        self.accept = accept
        self.queue: asyncio.Queue[Event | None] = asyncio.Queue(QUEUE)

    def offer(self, event: Event | None) -> bool:
        """False when the listener is too slow and must go."""
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            return False
        return True


class Events:
    """Belongs to one event loop; :meth:`emit` is called there and never waits."""

    def __init__(self, history: int = HISTORY) -> None:
        self._history: deque[Event] = deque(maxlen=history)
        # Weak, because a subscription that nobody ever iterates cannot clean up after itself.
        self._listeners: weakref.WeakSet[_Listener] = weakref.WeakSet()
        self._latest = 0

    @property
    def listeners(self) -> int:
        """How many subscriptions are open."""
        return len(self._listeners)

    def emit(
        self,
        type: str,
        action: str,
        id: str,
        attributes: Mapping[str, str] | None = None,
        scope: str = "local",
    ) -> Event:
        """Record and deliver an event. Times grow strictly, so that they order the events."""
        self._latest = max(now_ns(), self._latest + 1)
        event = Event(type, action, id, dict(attributes or {}), self._latest, scope)
        self._history.append(event)
        if len(self._listeners):
            self._tell(event)
        return event

    def _tell(self, event: Event) -> None:
        slow = [
            listener
            for listener in self._listeners
            if listener.accept(event) and not listener.offer(event)
        ]
        for listener in slow:
            self._drop(listener)

    def subscribe(
        self, since: int | None = None, until: int | None = None, accept: Accept | None = None
    ) -> AsyncGenerator[Event, None]:
        """Events from *since* to *until* (nanoseconds since the epoch) that *accept* lets pass.

        Without *since* only those that are emitted from now on: the subscription begins with this
        call, not with the first iteration. Without *until*, or with one that lies ahead, it goes
        on until then. It ends early when the listener falls behind.
        """
        wanted: Accept = accept or (lambda event: True)
        past = [] if since is None and until is None else self._past(since, until, wanted)
        live = until is None or until > now_ns()
        listener = _Listener(wanted)
        if live:
            self._listeners.add(listener)
        return self._deliver(past, listener if live else None, until)

    def _past(self, since: int | None, until: int | None, wanted: Accept) -> list[Event]:
        return [
            event
            for event in self._history
            if (since is None or event.time_ns >= since)
            and (until is None or event.time_ns <= until)
            and wanted(event)
        ]

    async def _deliver(
        self, past: list[Event], listener: _Listener | None, until: int | None
    ) -> AsyncGenerator[Event, None]:
        try:
            for event in past:
                yield event
            while listener is not None:
                next_event = await _next(listener, until)
                if next_event is None:
                    return
                yield next_event
        finally:
            if listener is not None:
                self._drop(listener)

    def _drop(self, listener: _Listener) -> None:
        if listener in self._listeners:
            self._listeners.discard(listener)
            # What is queued is still delivered; then the end.
            if not listener.offer(_END):
                listener.queue.get_nowait()
                listener.offer(_END)


async def _next(listener: _Listener, until: int | None) -> Event | None:
    if until is None:
        return await listener.queue.get()
    remaining = (until - now_ns()) / 1e9
    try:
        async with asyncio.timeout(max(0.0, remaining)):
            return await listener.queue.get()
    except TimeoutError:
        return None
