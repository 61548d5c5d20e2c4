"""``boxship context create``: a name for a daemon."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.contexts import docker_flag
from boxship.cli.contexts.default import read
from boxship.cli.contexts.store import Context, ContextStore, check_name
from boxship.cli.flags.flag import Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    name = arguments.positional[0]
    store = ContextStore(app.settings.directory)
    check_name(name)
    context = Context(name)
    if not store.exists(name):
        _fill(app, store, arguments, context)
    store.add(context)
    app.print(name)
    app.warn(f'Successfully created context "{name}"')
    return 0


def _fill(app: App, store: ContextStore, arguments: Arguments, context: Context) -> None:
    pairs = docker_flag.given_pairs(arguments)
    source = arguments.text("from") or ("" if arguments.given("docker") else app.context)
    if source:
        context.metadata.update(read(app, store, source).metadata)
        docker_flag.copy_endpoint(app, source, context)
    if arguments.given("docker"):
        docker_flag.apply(app, context, pairs, "create")
    if arguments.given("description"):
        context.metadata["Description"] = arguments.text("description")


COMMAND = Command(
    _run,
    "[OPTIONS] CONTEXT",
    (
        Flag("description", "A line about it"),
        docker_flag.FLAG,
        Flag("from", "Begin with a copy of this context"),
    ),
    least=1,
    most=1,
    notes=docker_flag.NOTES,
)
