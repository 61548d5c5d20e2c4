"""``boxship load``: load images from an archive."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.files import Input
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.progress import is_loaded, show_progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    path = arguments.text("input")
    if not path and app.input_is_terminal():
        raise Failed("requested load from stdin, but stdin is empty")
    quiet = arguments.on("quiet") or not app.output_is_terminal()
    title = "" if arguments.on("quiet") else "Sending archive"
    with Input(path, title) as chunks:
        documents = app.client.documents(
            "POST",
            "/images/load",
            {"quiet": quiet, "platform": arguments.text("platform") or None},
            chunks,
            {"Content-Type": "application/x-tar"},
        )
        show_progress(documents, 1, is_loaded)
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS]",
    (
        Flag("input", "Archive to read in place of stdin", short="i"),
        Flag("platform", "Load this platform only, os/arch"),
        switch("quiet", "Show no progress", "q"),
    ),
)
