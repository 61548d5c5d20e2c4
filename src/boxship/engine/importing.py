"""``docker import`` of an archive that the daemon fetches itself."""

import os
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from boxship.base.errors import InvalidParameter
from boxship.builder.work import Origin
from boxship.engine.building.elsewhere import download
from boxship.engine.sharing.messages import Message, Reporter
from boxship.images.images import Images


def import_from(
    images: Images,
    source: str,
    repo: str,
    tag: str,
    message: str,
    changes: Sequence[str],
    platform: str | None,
) -> AsyncGenerator[Message, None]:
    """The messages of Docker's progress stream, the last one with the image's ID.

    *source* is a URL; one without a scheme is http's. :class:`InvalidParameter` for other schemes.
    """
    url = source if "://" in source else f"http://{source}"
    if _scheme(url) not in ("http", "https"):
        raise InvalidParameter(f"cannot import {source}: it is neither an http nor an https URL")
    comment = message or f"Imported from {source}"

    async def work(reporter: Reporter) -> None:
        reporter.say(f"Downloading from {url}")
        with images.staging() as directory:
            await download(Origin("url", url), directory)
            fd = os.open(_only(directory), os.O_RDONLY | os.O_CLOEXEC)
            try:
                image = await images.import_(fd, repo, tag, comment, changes, platform)
            finally:
                os.close(fd)
        reporter.say(image)

    return Reporter().run(work)


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def _only(directory: Path) -> Path:
    return next(directory.iterdir())
