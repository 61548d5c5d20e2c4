"""Who looks at a page: the session in a cookie, or nobody."""

from dataclasses import dataclass

from boxship.hub.request import Request
from boxship.hub.storage.records import Repository, Right
from boxship.oci.distribution.errors import DistributionError


@dataclass(frozen=True, slots=True)
class Viewer:
    """*user* is None for somebody who did not log in."""

    user: str | None
    session: str = ""


def cookie_name(request: Request) -> str:
    """Over TLS the name that no other host of the domain can set (RFC 6265bis, __Host-)."""
    return "__Host-boxship" if request.secure else "boxship"


async def viewer_of(request: Request) -> Viewer:
    wanted = cookie_name(request)
    for part in request.header("cookie").split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted and value:
            login = await request.hub.logins.by_secret(value, "session")
            if login is not None:
                return Viewer(login.user.name, value)
    return Viewer(None)


async def shown(request: Request, viewer: Viewer, name: str) -> Repository:
    """The repository *name*, if *viewer* may see it; what is hidden looks like what is not."""
    metadata = request.hub.metadata
    repository = await metadata.repository(name)
    if repository is not None:
        if repository.public:
            return repository
        if viewer.user is not None and await metadata.right(viewer.user, name) >= Right.PULL:
            return repository
    raise DistributionError("NAME_UNKNOWN", "There is no such repository, or you may not see it.")
