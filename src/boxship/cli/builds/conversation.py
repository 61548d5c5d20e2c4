"""Talk with the daemon while it builds: descriptors out, progress in, questions answered."""

from __future__ import annotations

import select
import time

from boxship.client.errors import ConnectionLost
from boxship.client.jsontext import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boxship.cli.builds.handover import Handover
    from boxship.cli.builds.views.view import View
    from boxship.client.client import Client
    from boxship.client.connection import Connection

_KIND = "application/vnd.boxship.build.v2+json"
_PROTOCOL = "boxship-build"
_LINE = 64 << 20
_FRAME = 0.1  # seconds between pictures
_STATUS = "status"


def converse(
    client: Client,
    handover: Handover,
    view: View,
    answer: Callable[[dict[str, str]], dict[str, str]],
) -> dict[str, Any]:
    """The daemon's last word. *answer* is asked what it wants to know."""
    handover.document["Descriptors"] = len(handover.descriptors)
    headers = {"Content-Type": _KIND}
    connection = client.upgrade("/build", _PROTOCOL, handover.document, headers)
    try:
        loads(connection.take_line())
        if handover.descriptors:
            connection.send_descriptors(handover.descriptors)
        handover.close()
        return _listen(connection, view, answer)
    finally:
        connection.close()


def _listen(
    connection: Connection, view: View, answer: Callable[[dict[str, str]], dict[str, str]]
) -> dict[str, Any]:
    shown = time.monotonic()
    while True:
        if view.is_moving and time.monotonic() - shown >= _FRAME:
            shown = time.monotonic()
            view.tick()
        if b"\n" not in connection.buffer and view.is_moving and not _readable(connection):
            continue
        try:
            document: dict[str, Any] = loads(connection.take_line(_LINE))
        except ConnectionLost:
            raise ConnectionLost("the daemon ended before the build did") from None
        if _STATUS in document:
            view.show(document[_STATUS])
        elif "ask" in document:
            connection.send((dumps(answer(document["ask"])) + "\n").encode())
        else:
            return document


def _readable(connection: Connection) -> bool:
    return bool(select.select([connection.sock], [], [], _FRAME)[0])
