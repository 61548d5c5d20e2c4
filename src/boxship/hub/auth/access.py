"""May this request do that? Answers with a repository, or with the protocol's refusals."""

from boxship.hub.auth.tokens import Bearer
from boxship.hub.request import Request
from boxship.hub.storage.records import Repository, Right
from boxship.oci.distribution.errors import DistributionError

TOKEN_PATH = "/token"
_ACTIONS = {Right.PULL: "pull", Right.PUSH: "pull,push", Right.DELETE: "delete"}


def bearer_of(request: Request, scope: str = "") -> Bearer:
    """The request's token; UNAUTHORIZED, with a challenge for *scope*, without a valid one."""
    scheme, _, text = request.header("authorization").partition(" ")
    if scheme.lower() != "bearer":
        raise _challenge(request, scope, "")
    bearer = request.hub.tokens.check(text.strip())
    if bearer is None:
        raise _challenge(request, scope, "invalid_token")
    return bearer


async def require(request: Request, name: str, right: Right) -> Repository | None:
    """The repository *name*, if the request has *right* in it; None if it does not exist."""
    repository = await request.hub.metadata.repository(name)
    if right is Right.PULL and repository is not None and repository.public:
        return repository
    scope = f"repository:{name}:{_ACTIONS[right]}"
    bearer = bearer_of(request, scope)
    if bearer.rights.get(name, Right.NONE) >= right:
        return repository
    if bearer.user is not None and await right_of(request, bearer, name) < right:
        raise DistributionError("DENIED", detail={"name": name, "action": _ACTIONS[right]})
    raise _challenge(request, scope, "insufficient_scope")


async def right_of(request: Request, bearer: Bearer, name: str) -> Right:
    """What the bearer, by name, could get a token for."""
    if bearer.user is None:
        repository = await request.hub.metadata.repository(name)
        return Right.PULL if repository is not None and repository.public else Right.NONE
    return min(bearer.most, await request.hub.metadata.right(bearer.user, name))


def _challenge(request: Request, scope: str, error: str) -> DistributionError:
    """RFC 6750, section 3, with Docker's realm and service."""
    parts = [f'realm="{request.origin}{TOKEN_PATH}"', f'service="{service(request)}"']
    if scope:
        parts.append(f'scope="{scope}"')
    if error:
        parts.append(f'error="{error}"')
    header = ("WWW-Authenticate", "Bearer " + ",".join(parts))
    return DistributionError("UNAUTHORIZED", headers=(header,))


def service(request: Request) -> str:
    """The name of this hub in tokens."""
    return request.origin.partition("://")[2]
