import asyncio
from collections.abc import AsyncGenerator

from boxship.base.times import now_ns
from boxship.engine.events import HISTORY, QUEUE, Event, Events


async def take(events: AsyncGenerator[Event, None], count: int) -> list[str]:
    return [(await asyncio.wait_for(anext(events), 5)).action for _ in range(count)]


async def drain(events: AsyncGenerator[Event, None]) -> list[str]:
    return [event.action async for event in events]


def test_messages() -> None:
    async def run() -> None:
        event = Events().emit("container", "start", "abc", {"image": "busybox", "name": "n"})
        message = event.message()
        assert message == {
            "status": "start",
            "id": "abc",
            "from": "busybox",
            "Type": "container",
            "Action": "start",
            "Actor": {"ID": "abc", "Attributes": {"image": "busybox", "name": "n"}},
            "scope": "local",
            "time": event.time_ns // 10**9,
            "timeNano": event.time_ns,
        }
        assert set(Events().emit("image", "tag", "i").message()) >= {"status", "id"}
        assert "status" not in Events().emit("network", "connect", "n").message()

    asyncio.run(run())


def test_live_events_from_the_moment_of_subscribing() -> None:
    async def run() -> None:
        events = Events()
        events.emit("container", "before", "a")
        found = events.subscribe()
        events.emit("container", "one", "a")
        events.emit("container", "two", "a")
        assert await take(found, 2) == ["one", "two"]
        assert events.listeners == 1
        await found.aclose()
        assert events.listeners == 0

    asyncio.run(run())


def test_history_is_bounded_and_cut_by_time() -> None:
    async def run() -> None:
        events = Events()
        sent = [events.emit("container", str(number), "a") for number in range(HISTORY + 10)]
        assert len({event.time_ns for event in sent}) == len(sent)
        everything = await drain(events.subscribe(since=0, until=now_ns()))
        assert everything == [str(number) for number in range(10, HISTORY + 10)]
        middle = events.subscribe(since=sent[20].time_ns, until=sent[22].time_ns)
        assert await drain(middle) == ["20", "21", "22"]
        assert events.listeners == 0

    asyncio.run(run())


def test_history_then_live_without_gap_or_repetition() -> None:
    async def run() -> None:
        events = Events()
        events.emit("container", "one", "a")
        found = events.subscribe(since=0)
        events.emit("container", "two", "a")
        assert await take(found, 2) == ["one", "two"]
        events.emit("container", "three", "a")
        assert await take(found, 1) == ["three"]

    asyncio.run(run())


def test_until_ends_a_live_subscription() -> None:
    async def run() -> None:
        events = Events()
        found = events.subscribe(until=now_ns() + 50_000_000)
        events.emit("container", "one", "a")
        assert await asyncio.wait_for(drain(found), 5) == ["one"]

    asyncio.run(run())


def test_unwanted_events_take_no_room() -> None:
    async def run() -> None:
        events = Events()
        found = events.subscribe(accept=lambda event: event.type == "image")
        for _ in range(QUEUE + 10):
            events.emit("container", "x", "a")
        events.emit("image", "tag", "a")
        assert await take(found, 1) == ["tag"]

    asyncio.run(run())


def test_a_listener_that_falls_behind_is_dropped_and_others_are_served() -> None:
    async def run() -> None:
        events = Events()
        slow, fast = events.subscribe(), events.subscribe()
        for number in range(QUEUE + 1):
            events.emit("container", str(number), "a")
            assert await take(fast, 1) == [str(number)]
        assert events.listeners == 1
        got = await asyncio.wait_for(drain(slow), 5)
        assert got == [str(number) for number in range(1, QUEUE)]

    asyncio.run(run())


def test_a_subscription_that_is_never_iterated_leaves_nothing() -> None:
    async def run() -> None:
        events = Events()
        found = events.subscribe()
        assert events.listeners == 1
        del found
        assert events.listeners == 0

    asyncio.run(run())
