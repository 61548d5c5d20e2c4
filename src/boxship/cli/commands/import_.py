"""``boxship import``: make an image from a tar archive of a file system."""

from __future__ import annotations

import contextlib

from boxship.base.errors import InvalidParameter
from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.files import Input
from boxship.cli.flags.flag import Flag, many
from boxship.cli.progress import is_imported, show_progress
from boxship.cli.references import checked_name, reference_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    source, *names = arguments.positional
    repository, tag = checked_name(names[0]) if names else ("", "")
    remote = source.startswith(("http://", "https://"))
    query = {
        "fromSrc": source if remote else "-",
        "repo": repository or None,
        "tag": tag or None,
        "message": arguments.text("message") or None,
        "changes": arguments.texts("change"),
        "platform": arguments.text("platform") or None,
    }
    with _body(source, remote) as body:
        documents = app.client.documents("POST", "/images/create", query, body)
        try:
            show_progress(documents, 1, is_imported)
        except InvalidParameter as error:
            raise Failed(reference_error(error)) from None
    return 0


def _body(source: str, remote: bool) -> contextlib.AbstractContextManager[Iterable[bytes] | None]:
    return contextlib.nullcontext() if remote else Input(source, "Sending archive")


COMMAND = Command(
    _run,
    "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
    (
        many("change", "Dockerfile instruction to apply", "c"),
        Flag("message", "Message in the image's history", short="m"),
        Flag("platform", "Platform of the image, os/arch"),
    ),
    least=1,
    most=2,
)
