"""``boxship image inspect``: everything about images."""

from __future__ import annotations

from boxship.cli.command import MANY, Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, object_format, switch
from boxship.cli.inspection import inspect
from boxship.client import paths
from boxship.client.query import quote_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    platform = arguments.text("platform")
    format = arguments.text("format")
    insecure = arguments.on("insecure")
    if arguments.on("remote"):
        remote = _Remote(app, platform, insecure)
        return inspect(app, arguments.positional, (), format, find=remote)
    if insecure:
        raise Failed("--insecure is about registries: it needs --remote")
    if platform:
        query = {"platform": platform}

        def find(name: str) -> Any:
            return app.client.json("GET", paths.image(name, "json"), query)

        return inspect(app, arguments.positional, (), format, find=find)
    return inspect(app, arguments.positional, ("image",), format)


class _Remote:
    """Looks at registries, by way of the daemon."""

    def __init__(self, app: App, platform: str, insecure: bool) -> None:
        from boxship.cli.registry.logins import Logins

        self._client = app.client
        self._logins = Logins(app.settings)
        self._query = {"platform": platform or None, "insecure": insecure}

    def __call__(self, name: str) -> Any:
        path = f"/distribution/{quote_name(name)}/image"
        return self._client.json("GET", path, self._query, None, self._logins.header(name))


COMMAND = Command(
    _run,
    "[OPTIONS] IMAGE [IMAGE...]",
    (
        object_format(),
        Flag("platform", "This platform of a multi-platform image, os/arch"),
        switch("remote", "Look at the registry; nothing is pulled"),
        switch("insecure", "With --remote: take any certificate, or none, of the registry"),
    ),
    least=1,
    most=MANY,
)
