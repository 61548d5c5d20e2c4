"""``boxship save``: write images to an archive."""

from __future__ import annotations

from boxship.cli.command import MANY, Command
from boxship.cli.files import check_output, refuse_terminal, write_output
from boxship.cli.flags.flag import Flag
from boxship.cli.transfer import watched
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    path = arguments.text("output")
    refuse_terminal(path, app.output_is_terminal())
    check_output(path, "save image")
    names = arguments.positional
    query = {flag: arguments.text(flag) or None for flag in ("platform", "since")}
    if len(names) == 1:
        answer = app.client.call("GET", paths.image(names[0], "get"), query)
    else:
        answer = app.client.call("GET", "/images/get", {"names": names, **query})
    write_output(path, watched(answer.chunks(), "Saving"))
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS] IMAGE [IMAGE...]",
    (
        Flag("output", "File to write in place of stdout", short="o"),
        Flag("platform", "Save this platform only, os/arch"),
        Flag(
            "since", "Leave out the layers of this image, which the other side has", shows="image"
        ),
    ),
    least=1,
    most=MANY,
)
