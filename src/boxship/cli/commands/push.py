"""``boxship push``: send an image to a registry."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.progress import is_pushed, show_progress
from boxship.cli.references import split_reference
from boxship.cli.registry.logins import Logins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    name = arguments.positional[0]
    repository, tag = split_reference(name)
    every, quiet = arguments.on("all-tags"), arguments.on("quiet")
    if "@" in name:
        raise Failed("cannot push a digest reference")
    if every and tag:
        raise Failed("tag can't be used with --all-tags/-a")
    if not every and not tag:
        tag = "latest"
        if not quiet:
            app.print(f"Using default tag: {tag}")
            app.flush()  # progress goes past the buffer
    documents = app.client.documents(
        "POST",
        f"/images/{repository}/push",
        {"tag": tag or None, "platform": arguments.text("platform") or None},
        None,
        Logins(app.settings).header(repository),
    )
    # Progress does not go through our buffer.
    app.flush()
    show_progress(documents, 1, is_pushed, quiet=quiet)
    if quiet:
        app.print(f"{repository}:{tag}" if tag else repository)
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS] NAME[:TAG]",
    (
        switch("all-tags", "Send all tags of the repository", "a"),
        Flag("disable-content-trust", "Accepted for scripts that pass it", "bool", hidden=True),
        Flag("platform", "Send this platform only, os/arch"),
        switch("quiet", "Show no progress", "q"),
    ),
    least=1,
    most=1,
)
