"""``boxship context update``: another description or endpoint."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.contexts import docker_flag
from boxship.cli.contexts.store import ContextStore, check_name
from boxship.cli.flags.flag import Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    name = arguments.positional[0]
    check_name(name)
    store = ContextStore(app.settings.directory)
    context = store.read(name)
    if arguments.text("description"):
        context.metadata["Description"] = arguments.text("description")
    if arguments.given("docker"):
        docker_flag.apply(app, context, docker_flag.given_pairs(arguments), "create")
    store.write(context)
    app.print(name)
    app.warn(f'Successfully updated context "{name}"')
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS] CONTEXT",
    (Flag("description", "A line about it"), docker_flag.FLAG),
    least=1,
    most=1,
    notes=docker_flag.NOTES,
)
