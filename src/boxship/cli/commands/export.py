"""``boxship export``: write a container's file system as a tar archive."""

from __future__ import annotations

from boxship.cli.command import Command
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
    check_output(path, "export container")
    answer = app.client.call("GET", paths.container(arguments.positional[0], "export"))
    write_output(path, watched(answer.chunks(), "Exporting"))
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS] CONTAINER",
    (Flag("output", "File to write in place of stdout", short="o"),),
    least=1,
    most=1,
)
