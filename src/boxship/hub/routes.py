"""THE table of the hub's paths. The first row that fits counts."""

import functools
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from boxship.hub.answers import Reply
from boxship.hub.auth.access import TOKEN_PATH
from boxship.hub.auth.token_endpoint import get_token, post_token
from boxship.hub.pages import image, repositories, sessions, static
from boxship.hub.registry import base, blobs, lists, manifests, uploads
from boxship.hub.request import Request

Handler: TypeAlias = Callable[[Request], Awaitable[Reply]]
Found: TypeAlias = tuple[Mapping[str, Handler], Mapping[str, str]]
_REMEMBERED, _LONGEST = 1000, 512


@dataclass(frozen=True, slots=True)
class Route:
    """``{name}`` in *pattern* is a repository's name, with slashes; others are one segment.

    A handler of GET serves HEAD as well.
    """

    pattern: str
    handlers: dict[str, Handler]

    def compiled(self) -> re.Pattern[str]:
        pattern = re.escape(self.pattern)
        pattern = pattern.replace(r"\{name\}", "(?P<name>.+)")
        return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]*)", pattern) + r"\Z", re.DOTALL)


_UPLOADS: dict[str, Handler] = {"POST": uploads.start_upload}

ROUTES: tuple[Route, ...] = (
    Route("/v2/", {"GET": base.support}),
    Route("/v2", {"GET": base.support}),
    Route("/v2/_catalog", {"GET": lists.list_repositories}),
    Route("/v2/{name}/blobs/uploads/", _UPLOADS),
    Route("/v2/{name}/blobs/uploads", _UPLOADS),
    Route(
        "/v2/{name}/blobs/uploads/{key}",
        {
            "GET": uploads.upload_status,
            "PATCH": uploads.append_chunk,
            "PUT": uploads.finish_upload,
            "DELETE": uploads.cancel_upload,
        },
    ),
    Route("/v2/{name}/blobs/{digest}", {"GET": blobs.read_blob, "DELETE": blobs.remove_blob}),
    Route(
        "/v2/{name}/manifests/{reference}",
        {
            "GET": manifests.read_manifest,
            "PUT": manifests.put_manifest,
            "DELETE": manifests.remove_manifest,
        },
    ),
    Route("/v2/{name}/tags/list", {"GET": lists.list_tags}),
    Route("/v2/{name}/referrers/{digest}", {"GET": lists.list_referrers}),
    Route(TOKEN_PATH, {"GET": get_token, "POST": post_token}),
    Route("/", {"GET": repositories.list_page}),
    Route("/r/{name}/-/{reference}", {"GET": image.image_page}),
    Route("/r/{name}", {"GET": repositories.repository_page}),
    Route("/login", {"GET": sessions.login_page, "POST": sessions.log_in}),
    Route("/logout", {"POST": sessions.log_out}),
    Route("/static/{file}", {"GET": static.static_file}),
)
_COMPILED = [(route.compiled(), route.handlers) for route in ROUTES]


def find(path: str) -> Found | None:
    """The handlers of *path*, and what it holds in place of its route's parameters."""
    return _remembered(path) if len(path) <= _LONGEST else _find(path)


def _find(path: str) -> Found | None:
    for pattern, handlers in _COMPILED:
        if found := pattern.match(path):
            return handlers, found.groupdict()
    return None


# The same few blobs and manifests are asked for again and again.
_remembered = functools.lru_cache(_REMEMBERED)(_find)
