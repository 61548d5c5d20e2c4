"""The state machine of a container: THE table of which verb is allowed in which state.

A row gives, for a verb, what each state answers: ``None`` allows the verb, an error class with
Docker's text refuses it. ``{id}`` and ``{name}`` in a text are filled in.
"""

from boxship.base.errors import BoxshipError, Conflict, NotModified
from boxship.engine.containers.container import Container

Refusal = tuple[type[BoxshipError], str]
_NOT_RUNNING = (Conflict, "container {id} is not running")
_RESTARTING = (Conflict, "Container {id} is restarting, wait until the container is running")

_OVER = ("created", "exited", "dead", "removing")
_NOT_PAUSED = (Conflict, "Container {id} is not paused")

TABLE: dict[str, dict[str, Refusal]] = {
    "start": {
        "running": (NotModified, ""),
        "restarting": (NotModified, ""),
        "paused": (Conflict, "cannot start a paused container, try unpause instead"),
        "removing": (Conflict, "container is marked for removal and cannot be started"),
        "dead": (Conflict, "container is marked for removal and cannot be started"),
    },
    "stop": {
        "created": (NotModified, ""),
        "exited": (NotModified, ""),
        "dead": (NotModified, ""),
        "removing": (NotModified, ""),
    },
    "kill": dict.fromkeys(_OVER, _NOT_RUNNING),
    "pause": {
        "created": _NOT_RUNNING,
        "exited": _NOT_RUNNING,
        "dead": _NOT_RUNNING,
        "removing": _NOT_RUNNING,
        "paused": (Conflict, "Container {id} is already paused"),
        "restarting": _RESTARTING,
    },
    "unpause": dict.fromkeys((*_OVER, "running", "restarting"), _NOT_PAUSED),
    "exec": {
        "created": _NOT_RUNNING,
        "exited": _NOT_RUNNING,
        "dead": _NOT_RUNNING,
        "removing": _NOT_RUNNING,
        "paused": (Conflict, "Container {given} is paused, unpause the container before exec"),
        "restarting": _RESTARTING,
    },
    "top": {
        "created": (Conflict, "container {id} is not running"),
        "exited": (Conflict, "container {id} is not running"),
        "dead": (Conflict, "container {id} is not running"),
        "removing": (Conflict, "container {id} is not running"),
        "restarting": _RESTARTING,
    },
    "resize": dict.fromkeys(_OVER[1:], (Conflict, "Container {id} is not running")),
    "attach": {
        "paused": (Conflict, "container {given} is paused, unpause the container before attach"),
        "restarting": (
            Conflict,
            "container {given} is restarting, wait until the container is running",
        ),
    },
    "rename": {
        "dead": (Conflict, "Container {id} is dead"),
        "removing": (Conflict, "Container {id} is being removed"),
    },
    "update": {
        "dead": (Conflict, 'container is marked for removal and cannot be "update"'),
        "removing": (Conflict, 'container is marked for removal and cannot be "update"'),
    },
    "commit": {
        "dead": (Conflict, "You cannot commit container {id} which is Dead"),
        "removing": (Conflict, "You cannot commit container {id} which is being removed"),
    },
    "export": {
        "dead": (Conflict, "You cannot export container {id} which is Dead"),
        "removing": (Conflict, "You cannot export container {id} which is being removed"),
    },
    "copy": {"dead": (Conflict, "container is dead"), "removing": (Conflict, "container is dead")},
}


def not_running(container: Container) -> Conflict:
    """For a verb that has found the container's process gone before anybody else has."""
    return Conflict(f"container {container.id} is not running")


def check(container: Container, verb: str, given: str = "") -> None:
    """Raise the refusal of *verb* in the container's state. *given*: the name the client used."""
    refusal = TABLE[verb].get(container.state.status)
    if refusal is not None:
        error, text = refusal
        raise error(text.format(id=container.id, name=container.name, given=given or container.id))
