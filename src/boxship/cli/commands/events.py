"""``boxship events``: follow what the daemon reports."""

from __future__ import annotations

import time

from boxship.base.errors import InvalidParameter
from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.filters import as_parameter
from boxship.cli.flags.flag import Flag, filters, object_format
from boxship.cli.output.texts import pairs
from boxship.cli.timestamps import as_timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    show = _shown(arguments.text("format"))
    query = {
        "filters": as_parameter(arguments.texts("filter")),
        "since": as_timestamp(arguments.text("since")),
        "until": as_timestamp(arguments.text("until")),
    }
    for event in app.client.documents("GET", "/events", query):
        app.print(_rendered(show, event))
        # Whoever reads a pipe wants each event when it happens.
        app.flush()
    return 0


def _rendered(show: Callable[[dict[str, Any]], str], event: dict[str, Any]) -> str:
    try:
        return show(event)
    except InvalidParameter as error:
        raise Failed(f"Error parsing format: {error}", 64) from None


def _shown(template: str) -> Callable[[dict[str, Any]], str]:
    if not template:
        return _line
    from boxship.cli.template.template import Template

    try:
        render = Template("{{json .}}" if template == "json" else template).render
    except InvalidParameter as error:
        raise Failed(f"Error parsing format: {error}", 64) from None
    return lambda event: render(_typed(event))


def _typed(event: dict[str, Any]) -> dict[str, Any]:
    """*event* with attributes that may be missing."""
    from boxship.cli.template.values import GoMap

    actor = event.get("Actor") or {}
    attributes = GoMap(actor.get("Attributes") or {})
    return {**event, "Actor": {**actor, "Attributes": attributes}}


def _line(event: dict[str, Any]) -> str:
    actor = event["Actor"]
    attributes = pairs(actor.get("Attributes")).replace(",", ", ") if actor else ""
    text = f"{_time(event['timeNano'])} {event['Type']} {event['Action']} {actor['ID']}"
    return f"{text} ({attributes})" if attributes else text


def _time(nanoseconds: int) -> str:
    """RFC 3339 with nine digits, in local time."""
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    moment = time.localtime(seconds)
    zone = time.strftime("%z", moment)
    zone = "Z" if zone == "+0000" else f"{zone[:3]}:{zone[3:]}"
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', moment)}.{fraction:09d}{zone}"


COMMAND = Command(
    _run,
    "[OPTIONS]",
    (
        filters(),
        # No short form: -f is the filter's.
        Flag("format", object_format().summary),
        Flag("since", "Start with what happened at this time"),
        Flag("until", "End at this time"),
    ),
)
