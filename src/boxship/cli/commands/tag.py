"""``boxship tag``: give an image another name."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.references import split_reference
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    source, target = arguments.positional
    repository, tag = split_reference(target)
    query = {"repo": repository, "tag": tag}
    app.client.call("POST", paths.image(source, "tag"), query).read()
    return 0


COMMAND = Command(_run, "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]", least=2, most=2)
