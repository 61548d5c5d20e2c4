"""Renaming."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from boxship.base.errors import Conflict, InvalidParameter
from boxship.engine.containers import events, states
from boxship.engine.containers.validation.names import clean_name
from boxship.engine.networks import connection, record, resolving

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

T = TypeVar("T")


def _allocate(take: Callable[[], T]) -> T:
    """The result of *take*; its refusal in the words that Docker has for renaming."""
    try:
        return take()
    except (Conflict, InvalidParameter) as error:
        raise type(error)(f"Error when allocating new name: {error}") from None


async def rename(engine: "Engine", reference: str, new_name: str) -> None:
    """``POST /containers/{id}/rename``."""
    if not reference or not new_name:
        raise InvalidParameter("Neither old nor new names may be empty")
    live = engine.containers.get(reference)
    name = _allocate(lambda: clean_name("/" + new_name.removeprefix("/")))
    async with live.lock:
        old = live.container.name
        if name == old:
            raise InvalidParameter("Renaming a container with the same name as its current name")
        states.check(live.container, "rename", reference)
        if engine.containers.has_name(name):
            _allocate(lambda: engine.containers.reserve(name, live.id))
        await engine.containers.rename(live, name)
        connection.name_endpoints(engine, live.container)
        if live.network is not None:
            record.write(engine, live.id, live.network)
            await resolving.changed(engine, live)
        events.emit(engine, live.container, "rename", oldName=f"/{old}")
