"""Mounting: a blob of one repository becomes one of another, without its bytes (end-11)."""

import time

from boxship.hub.auth.access import bearer_of, right_of
from boxship.hub.auth.tokens import Bearer
from boxship.hub.request import Request
from boxship.hub.storage.records import Repository, Right
from boxship.oci.distribution.names import is_name


async def mount(request: Request, repository: Repository, digest: str) -> bool:
    """False when the blob is not where the request says, or not for it to read.

    Without ``from``, any repository that the caller may pull will do.
    """
    source = request.option("from")
    bearer = bearer_of(request)
    for holder in await request.hub.metadata.holders(digest):
        if (not source or holder.name == source) and await _may_pull(request, bearer, holder):
            return await request.hub.metadata.mount(repository.id, digest, time.time())
    if source and is_name(source):
        return await _from(request, bearer, source, repository, digest)
    return False


async def _from(
    request: Request, bearer: Bearer, source: str, repository: Repository, digest: str
) -> bool:
    """The named repository, also when it is not among the first that hold the blob."""
    metadata = request.hub.metadata
    holder = await metadata.repository(source)
    if holder is None or not await _may_pull(request, bearer, holder):
        return False
    if await metadata.blob(holder.id, digest) is None:
        return False
    return await metadata.mount(repository.id, digest, time.time())


async def _may_pull(request: Request, bearer: Bearer, holder: Repository) -> bool:
    if holder.public or bearer.rights.get(holder.name, Right.NONE) >= Right.PULL:
        return True
    return await right_of(request, bearer, holder.name) >= Right.PULL
