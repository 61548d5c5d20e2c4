"""Blobs on their way there (distribution-spec, section Push): asked for, mounted or sent."""

import re
from contextlib import suppress
from urllib.parse import quote

from boxship.oci.layout import Descriptor
from boxship.registry.errors import ProtocolError, Refused, TransportError
from boxship.registry.http import Content
from boxship.registry.repository import Repository
from boxship.registry.tokens import scope
from boxship.registry.url import Url

_MOST = 64 << 10
_RANGE = re.compile(r"(?:bytes=)?0-(\d{1,18})\Z")
# What a registry answers that has lost an upload, or does not go on with it.
_LOST = (400, 404, 405, 416)


async def exists(repository: Repository, blob: Descriptor) -> bool:
    """Whether the registry has *blob*, and of that size."""
    url = repository.url(f"blobs/{blob.digest}")
    try:
        async with repository.session.request("HEAD", url, repository.pushing) as answer:
            return answer.length in (None, blob.size)
    except Refused as error:
        if error.status == 404:
            return False
        raise


async def mount(repository: Repository, blob: Descriptor, source: str) -> Url | None:
    """Have the registry take *blob* from its repository *source*: None when it did, else where an
    upload has been begun."""
    query = f"mount={quote(blob.digest, safe='')}&from={quote(source, safe='')}"
    scopes = repository.pushing | {scope(source, "pull")}
    url = repository.url("blobs/uploads/").with_query(query)
    async with repository.session.request("POST", url, scopes, good=(201, 202)) as answer:
        await answer.read(_MOST)
        return None if answer.status == 201 else _location(answer.url, answer.headers)


async def begin(repository: Repository) -> Url:
    """Where to send a blob."""
    url = repository.url("blobs/uploads/")
    async with repository.session.request("POST", url, repository.pushing, good=(202,)) as answer:
        await answer.read(_MOST)
        return _location(answer.url, answer.headers)


async def send(repository: Repository, upload: Url, blob: Descriptor, body: Content) -> None:
    """All of *blob* in one request. What breaks off has to be begun anew."""
    await _close(repository, upload, blob, body)


async def append(repository: Repository, upload: Url, offset: int, body: Content) -> Url:
    """Send *body*, a blob's bytes from *offset* on; where the upload goes on. Without a size it
    begins at 0.

    After :class:`Interrupted`, :func:`progress` says how much has arrived.
    """
    headers = {}
    if offset and body.size is not None:
        headers["Content-Range"] = f"{offset}-{offset + body.size - 1}"
    async with repository.session.request(
        "PATCH",
        upload,
        repository.pushing,
        headers,
        body,
        good=(201, 202, 204),
        patient=False,
    ) as answer:
        await answer.read(_MOST)
        return _location(answer.url, answer.headers)


async def progress(repository: Repository, upload: Url) -> tuple[Url, int] | None:
    """Where a broken upload goes on and how many bytes of it have arrived; None when the registry
    does not continue it."""
    try:
        async with repository.session.request(
            "GET", upload, repository.pushing, good=(200, 202, 204)
        ) as answer:
            await answer.read(_MOST)
            found = _RANGE.match(answer.headers.get("range", ""))
            # "0-0" is said of no byte and of one.
            if found is None or found[1] == "0":
                return None
            where = answer.headers.get("location")
            return (answer.url.join(where) if where else upload), int(found[1]) + 1
    except Refused as error:
        if error.status in _LOST:
            return None
        raise


async def cancel(repository: Repository, upload: Url) -> None:
    """Tell the registry that nothing will come; whether it listens does not matter."""
    with suppress(TransportError, Refused):
        async with repository.session.request(
            "DELETE", upload, repository.pushing, good=(202, 204), patient=False
        ) as answer:
            await answer.read(_MOST)


async def finish(repository: Repository, upload: Url, blob: Descriptor) -> None:
    """Let the registry check what it was sent and keep it as *blob*."""
    await _close(repository, upload, blob, None)


async def _close(
    repository: Repository, upload: Url, blob: Descriptor, body: Content | None
) -> None:
    url = upload.with_query(f"digest={quote(blob.digest, safe='')}")
    async with repository.session.request(
        "PUT", url, repository.pushing, None, body, good=(201, 204), patient=False
    ) as answer:
        await answer.read(_MOST)


def _location(url: Url, headers: dict[str, str]) -> Url:
    location = headers.get("location")
    if not location:
        raise ProtocolError(f"{url}: the registry does not say where to upload to")
    return url.join(location)
