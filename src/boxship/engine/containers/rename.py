"""Renaming."""

from typing import TYPE_CHECKING

from boxship.base.errors import InvalidParameter
from boxship.engine.containers import events, states
from boxship.engine.containers.validation.names import clean_name

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


async def rename(engine: "Engine", reference: str, new_name: str) -> None:
    """``POST /containers/{id}/rename``."""
    if not reference or not new_name:
        raise InvalidParameter("Neither old nor new names may be empty")
    live = engine.containers.get(reference)
    name = clean_name(new_name)
    async with live.lock:
        old = live.container.name
        if name == old:
            raise InvalidParameter("Renaming a container with the same name as its current name")
        states.check(live.container, "rename", reference)
        await engine.containers.rename(live, name)
        events.emit(engine, live.container, "rename", oldName=f"/{old}")
