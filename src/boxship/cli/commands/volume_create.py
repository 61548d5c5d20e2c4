"""``boxship volume create``: make a volume."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, many
from boxship.cli.run_flags.placed import key_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    name = arguments.positional[0] if arguments.positional else arguments.text("name")
    if arguments.positional and arguments.given("name"):
        raise Failed(
            "conflicting options: either specify --name or provide positional arg, not both"
        )
    body: dict[str, object] = {"Name": name, "Driver": arguments.text("driver")}
    for flag, field in (("opt", "DriverOpts"), ("label", "Labels")):
        if arguments.given(flag):
            body[field] = key_values(arguments.texts(flag))
    app.print(app.client.json("POST", "/volumes/create", {}, body)["Name"])
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS] [VOLUME]",
    (
        Flag("driver", "What keeps it", short="d", default="local"),
        many("label", "Label, NAME=VALUE"),
        Flag("name", "Its name", hidden=True),
        many("opt", "Option for the driver, NAME=VALUE", "o", shows="map"),
    ),
    most=1,
)
