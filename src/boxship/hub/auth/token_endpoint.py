"""``/token``: Docker's token protocol, by GET with basic authentication and by OAuth 2's POST."""

import base64
import binascii
from collections.abc import Iterable
from datetime import UTC, datetime

from boxship.hub.answers import Answer, json_answer
from boxship.hub.auth import scopes
from boxship.hub.auth.access import service
from boxship.hub.auth.logins import Login
from boxship.hub.auth.scopes import Scope
from boxship.hub.auth.tokens import LIFETIME
from boxship.hub.request import Request
from boxship.hub.storage.records import Right
from boxship.oci.distribution.errors import DistributionError

_REFRESH_LIFETIME = 90 * 86400.0


async def get_token(request: Request) -> Answer:
    """With ``offline_token=true`` a refresh token comes along. Without a user: public pulls."""
    login = None
    if header := request.header("authorization"):
        name, password = _basic(header)
        login = await request.hub.logins.by_password(name, password, request.address)
    asked = scopes.parse(request.query.get("scope", []))
    refresh = None
    if login is not None and request.option("offline_token").lower() in ("true", "1"):
        refresh = await _refresh_token(request, login, request.option("client_id"))
    return await _answer(request, login, asked, refresh)


async def post_token(request: Request) -> Answer:
    """``grant_type`` password or refresh_token (RFC 6749, sections 4.3 and 6)."""
    form = await request.form()
    logins = request.hub.logins
    refresh = None
    match form.get("grant_type"):
        case "password":
            name, password = form.get("username", ""), form.get("password", "")
            login = await logins.by_password(name, password, request.address)
            if form.get("access_type") == "offline":
                refresh = await _refresh_token(request, login, form.get("client_id", ""))
        case "refresh_token":
            refresh = form.get("refresh_token", "")
            found = await logins.by_secret(refresh, "refresh")
            if found is None:
                raise DistributionError("UNAUTHORIZED", "the refresh token is not valid any more")
            login = found
        case _:
            raise DistributionError("UNSUPPORTED", "unknown grant_type", status=400)
    return await _answer(request, login, scopes.parse([form.get("scope", "")]), refresh)


async def _refresh_token(request: Request, login: Login, client: str) -> str:
    label = client[:100] or "login"
    return await request.hub.logins.derive(login, "refresh", label, login.most, _REFRESH_LIFETIME)


async def _answer(
    request: Request, login: Login | None, asked: Iterable[Scope], refresh: str | None
) -> Answer:
    access = []
    for scope in asked:
        actions = scope.within(await _right(request, login, scope.name))
        if actions:
            access.append((scope.name, list(actions)))
    user, most = (login.user.name, login.most) if login else (None, Right.PULL)
    token = request.hub.tokens.sign(user, most, service(request), access)
    body: dict[str, object] = {
        "token": token,
        "access_token": token,
        "expires_in": LIFETIME,
        "issued_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "scope": " ".join(f"repository:{name}:{','.join(actions)}" for name, actions in access),
    }
    if refresh is not None:
        body["refresh_token"] = refresh
    return json_answer(body, headers=[("Cache-Control", "no-store")])


async def _right(request: Request, login: Login | None, name: str) -> Right:
    metadata = request.hub.metadata
    if login is not None:
        return min(login.most, await metadata.right(login.user.name, name))
    repository = await metadata.repository(name)
    return Right.PULL if repository is not None and repository.public else Right.NONE


def _basic(header: str) -> tuple[str, str]:
    """Name and password (RFC 7617)."""
    scheme, _, text = header.partition(" ")
    try:
        decoded = base64.b64decode(text.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    if scheme.lower() != "basic" or ":" not in decoded:
        raise DistributionError("UNAUTHORIZED", "malformed Authorization header")
    name, _, password = decoded.partition(":")
    return name, password
