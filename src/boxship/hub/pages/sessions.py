"""Logging in and out of the pages.

Forms are safe from other sites in two ways: the cookie does not travel with their posts (SameSite),
and a post whose Origin is not ours is refused.
"""

from urllib.parse import urlsplit

from boxship.hub.answers import Answer, Headers
from boxship.hub.auth.logins import digest_of
from boxship.hub.pages.page import SECURITY, render
from boxship.hub.pages.viewer import Viewer, cookie_name, viewer_of
from boxship.hub.request import Request
from boxship.hub.storage.records import Right
from boxship.oci.distribution.errors import DistributionError

_LIFETIME = 12 * 3600


async def login_page(request: Request) -> Answer:
    return render(request, "login.html", await viewer_of(request), error="", name="")


async def log_in(request: Request) -> Answer:
    _require_own_origin(request)
    form = await request.form()
    name, password = form.get("name", ""), form.get("password", "")
    logins = request.hub.logins
    try:
        login = await logins.by_password(name, password, request.address)
    except DistributionError as error:
        return render(
            request,
            "login.html",
            Viewer(None),
            status=error.status,
            headers=[*error.headers],
            error=str(error),
            name=name[:100],
        )
    most = Right.PULL  # the pages only show
    session = await logins.derive(login, "session", "web page", most, _LIFETIME)
    return _redirect(_cookie(request, session, _LIFETIME))


async def log_out(request: Request) -> Answer:
    _require_own_origin(request)
    viewer = await viewer_of(request)
    if viewer.session:
        await request.hub.metadata.end_secret(digest_of(viewer.session))
    return _redirect(_cookie(request, "", 0))


def _require_own_origin(request: Request) -> None:
    origin = urlsplit(request.header("origin") or request.header("referer")).netloc
    if origin not in (request.host, request.origin.partition("://")[2]):
        raise DistributionError("DENIED", "This form was not sent from a page of this hub.")


def _cookie(request: Request, value: str, seconds: int) -> tuple[str, str]:
    secure = "; Secure" if request.secure else ""
    name = cookie_name(request)
    attributes = f"Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"
    return ("Set-Cookie", f"{name}={value}; {attributes}")


def _redirect(*headers: tuple[str, str]) -> Answer:
    head: Headers = [("Location", "/"), ("Cache-Control", "no-store"), *SECURITY, *headers]
    return Answer(303, head)
