"""Handlers for a wire server under test."""

import asyncio
import threading

from boxship.wire.errors import ClientGone
from boxship.wire.exchange import Exchange


class Handlers:
    """One small handler per path, and what they saw."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.seen = threading.Condition()
        self.go = threading.Event()

    def note(self, event: str) -> None:
        with self.seen:
            self.events.append(event)
            self.seen.notify_all()

    def await_event(self, event: str) -> None:
        with self.seen:
            assert self.seen.wait_for(lambda: event in self.events, 10), self.events

    async def __call__(self, exchange: Exchange) -> None:
        await getattr(self, exchange.head.path.strip("/") or "root")(exchange)

    async def root(self, exchange: Exchange) -> None:
        await exchange.respond(200, [("X", "y")], b"hello")

    async def echo(self, exchange: Exchange) -> None:
        await exchange.respond(200, [], await exchange.body.read_all(1 << 20))

    async def small(self, exchange: Exchange) -> None:
        await exchange.respond(200, [], await exchange.body.read_all(10))

    async def stream(self, exchange: Exchange) -> None:
        await exchange.start(200, [])
        for part in (b"one", b"two"):
            await exchange.write(part)
        await exchange.finish()

    async def bare(self, exchange: Exchange) -> None:
        await exchange.respond(204, [])

    async def fail(self, exchange: Exchange) -> None:
        raise RuntimeError("secret")

    async def cut(self, exchange: Exchange) -> None:
        await exchange.start(200, [])
        await exchange.write(b"part")
        raise RuntimeError("secret")

    async def silent(self, exchange: Exchange) -> None:
        pass

    async def late(self, exchange: Exchange) -> None:
        await asyncio.sleep(0.3)
        await exchange.respond(200, [], b"late")

    async def wait(self, exchange: Exchange) -> None:
        exchange.cancel_on_disconnect()
        self.note("waiting")
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            self.note("cancelled")
            raise

    async def finish(self, exchange: Exchange) -> None:
        self.note("waiting")
        await exchange.disconnected
        self.note("finished")
        try:
            await exchange.respond(200, [], b"x")
        except ClientGone:
            self.note("gone")
            raise

    async def flood(self, exchange: Exchange) -> None:
        await exchange.start(200, [])
        for number in range(4000):
            await exchange.write(bytes(10_000))
            self.note(f"wrote {number}")
        await exchange.finish()

    async def slurp(self, exchange: Exchange) -> None:
        self.note("waiting")
        await asyncio.to_thread(self.go.wait, 10)
        total = 0
        async for chunk in exchange.body.chunks():
            total += len(chunk)
        await exchange.respond(200, [], str(total).encode())

    async def inject(self, exchange: Exchange) -> None:
        await exchange.respond(200, [("X", "a\r\nEvil: 1")])
