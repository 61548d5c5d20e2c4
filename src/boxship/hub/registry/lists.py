"""Lists, in pages: tags, repositories, referrers (end-8, end-12, and Docker's catalog)."""

from boxship.hub.answers import Answer, Headers, json_answer, next_page
from boxship.hub.auth.access import bearer_of, require
from boxship.hub.registry.content import digest_in, known
from boxship.hub.request import Request
from boxship.hub.storage.records import Right
from boxship.oci.distribution.errors import DistributionError
from boxship.oci.media_types import OCI_INDEX

_PAGE = 1000
_REFERRERS = 500
_REFERRERS_BYTES = 4 << 20


async def list_tags(request: Request) -> Answer:
    name = request.params["name"]
    repository = known(await require(request, name, Right.PULL), name)
    count = _count(request)
    found = await request.hub.metadata.tags(repository.id, request.option("last"), count + 1)
    names = [tag.name for tag in found]
    body = {"name": name, "tags": names[:count]}
    return json_answer(body, headers=_link(request, names, count))


async def list_repositories(request: Request) -> Answer:
    """Those that the caller may pull."""
    bearer = bearer_of(request, "registry:catalog:*")
    count = _count(request)
    found = await request.hub.metadata.visible(bearer.user, request.option("last"), count + 1)
    names = [repository.name for repository in found]
    return json_answer({"repositories": names[:count]}, headers=_link(request, names, count))


def _count(request: Request) -> int:
    """The parameter ``n``, up to a page's size; a page's size without one."""
    text = request.option("n")
    if not text:
        return _PAGE
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise DistributionError("UNSUPPORTED", "n must be a number of entries", status=400)
    return min(int(text), _PAGE)


def _link(request: Request, names: list[str], count: int) -> Headers:
    if not count or len(names) <= count:
        return []
    return [next_page(request.path, [("n", str(count)), ("last", names[count - 1])])]


async def list_referrers(request: Request) -> Answer:
    """An index of the manifests whose subject is *digest*, which itself need not be here."""
    name = request.params["name"]
    digest = digest_in(request.params["digest"])
    repository = await require(request, name, Right.PULL)
    wanted = request.option("artifactType")
    found = []
    if repository is not None:
        found = await request.hub.metadata.referrers(
            repository.id, digest, wanted or None, request.option("last"), _REFERRERS + 1
        )
    shown = _fitting([descriptor for _, descriptor in found])
    headers = [("Content-Type", OCI_INDEX)]
    if wanted:
        headers.append(("OCI-Filters-Applied", "artifactType"))
    if shown < len(found):
        filters = [("artifactType", wanted)] if wanted else []
        headers.append(next_page(request.path, [*filters, ("last", found[shown - 1][0])]))
    body = b",".join(descriptor for _, descriptor in found[:shown])
    return Answer(
        200,
        headers,
        b'{"schemaVersion":2,"mediaType":"%b","manifests":[%b]}' % (OCI_INDEX.encode(), body),
    )


def _fitting(descriptors: list[bytes]) -> int:
    """How many of *descriptors* make a page: at least one, if there is any."""
    size = 0
    for number, descriptor in enumerate(descriptors[:_REFERRERS]):
        size += len(descriptor)
        if number and size > _REFERRERS_BYTES:
            return number
    return min(len(descriptors), _REFERRERS)
