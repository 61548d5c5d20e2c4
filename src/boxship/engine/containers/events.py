"""Container events, with the attributes that Docker gives them."""

from typing import TYPE_CHECKING

from boxship.engine.containers.container import Container

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


def emit(engine: "Engine", container: Container, action: str, **extra: str) -> None:
    """Tell listeners that *action* happened; *extra* attributes come beside the labels."""
    attributes = dict(container.config.labels or {})
    attributes |= extra
    attributes["image"] = container.config.image
    attributes["name"] = container.name
    engine.events.emit("container", action, container.id, attributes)
