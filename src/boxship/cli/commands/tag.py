"""``boxship tag``: give an image another name."""

from __future__ import annotations

from boxship.base.errors import InvalidParameter
from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.references import checked_name, reference_error
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    source, target = arguments.positional
    if "@" in target:
        raise Failed("refusing to create a tag with a digest reference")
    try:
        repository, tag = checked_name(target)
        query = {"repo": repository, "tag": tag}
        app.client.call("POST", paths.image(source, "tag"), query).read()
    except InvalidParameter as error:
        raise Failed(_explained(target, reference_error(error))) from None
    return 0


def _explained(target: str, reason: str) -> str:
    if not reason.startswith("invalid "):
        return reason
    return f'Error parsing reference: "{target}" is not a valid repository/tag: {reason}'


COMMAND = Command(_run, "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]", least=2, most=2)
