"""Fetching an image, its progress shown."""

from __future__ import annotations

from boxship.cli.progress import is_pulled, show_progress
from boxship.cli.references import split_reference
from boxship.cli.registry.logins import Logins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App


def pull(
    app: App,
    image: str,
    platform: str = "",
    *,
    quiet: bool = False,
    every_tag: bool = False,
    descriptor: int = 1,
) -> None:
    """Have the daemon fetch *image*; progress goes to *descriptor*."""
    repository, tag = split_reference(image)
    query = {
        "fromImage": repository,
        "tag": tag or (None if every_tag else "latest"),
        "platform": platform or None,
    }
    documents = app.client.documents(
        "POST", "/images/create", query, None, Logins(app.settings).header(repository)
    )
    show_progress(documents, descriptor, is_pulled, quiet=quiet)
