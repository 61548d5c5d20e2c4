"""``boxship pull``: fetch an image from a registry."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.manifests.names import parse
from boxship.cli.pull import pull
from boxship.cli.references import split_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    name = arguments.positional[0]
    every, quiet = arguments.on("all-tags"), arguments.on("quiet")
    full = parse(name)
    is_tagged = bool(split_reference(name)[1])
    if every and is_tagged:
        raise Failed("tag can't be used with --all-tags/-a")
    if not (every or is_tagged or quiet):
        app.print("Using default tag: latest")
        app.flush()  # progress goes past the buffer
    pull(app, name, arguments.text("platform"), quiet=quiet, every_tag=every)
    app.print(full.repository if every else full.full)
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS] NAME[:TAG|@DIGEST]",
    (
        switch("all-tags", "Fetch every tag of the repository", "a"),
        Flag("platform", "Platform of a multi-platform image, os/arch"),
        # Nothing is signed that way any more; scripts still pass it.
        Flag("disable-content-trust", "Do not check signatures", "bool", hidden=True),
        switch("quiet", "Show no progress", "q"),
    ),
    least=1,
    most=1,
)
