"""``boxship commit``: make an image of a container's changes."""

from __future__ import annotations

from boxship.base.errors import InvalidParameter
from boxship.cli.command import Command
from boxship.cli.errors import UNCONFIRMED, Failed
from boxship.cli.flags.flag import Flag, many, switch
from boxship.cli.references import checked_name, reference_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    container, *names = arguments.positional
    repository, tag = checked_name(names[0]) if names else ("", "")
    query = {
        "container": container,
        "repo": repository or None,
        "tag": tag or None,
        "comment": arguments.text("message") or None,
        "author": arguments.text("author") or None,
        "changes": arguments.texts("change"),
        "pause": None if arguments.on("pause") else "0",
    }
    try:
        image = (app.client.json("POST", "/commit", query) or {}).get("Id")
    except InvalidParameter as error:
        raise Failed(reference_error(error)) from None
    if not image:
        raise Failed(UNCONFIRMED)
    app.print(image)
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
    (
        Flag("author", "Author of the image", short="a"),
        many("change", "Dockerfile instruction to apply", "c"),
        Flag("message", "Message in the image's history", short="m"),
        switch("pause", "Freeze the container meanwhile", "p", default=True),
    ),
    least=1,
    most=2,
)
