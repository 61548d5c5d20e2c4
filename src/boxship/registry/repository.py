"""One repository of a registry: manifests, tags, and where its blobs are."""

import hashlib
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from boxship.base.digests import split_digest
from boxship.base.errors import InvalidParameter
from boxship.registry import manifests
from boxship.registry.answer import Answer
from boxship.registry.errors import ProtocolError
from boxship.registry.http import content
from boxship.registry.session import Session
from boxship.registry.tokens import scope
from boxship.registry.url import Url, parse

_TAGS_LIMIT = 8 << 20
_MOST_TAGS, _MOST_PAGES = 100_000, 1000


@dataclass(frozen=True, slots=True)
class Fetched:
    """A manifest byte for byte, verified against ``digest``."""

    data: bytes
    digest: str
    media_type: str


class Repository:
    """The repository *name* as *session*'s user sees it."""

    def __init__(self, session: Session, name: str) -> None:
        self.session = session
        self.name = name
        self.pulling = frozenset((scope(name, "pull"),))
        self.pushing = frozenset((scope(name, "pull", "push"),))

    def url(self, path: str) -> Url:
        """``manifests/latest`` and the like."""
        return parse(f"{self.session.base}{self.name}/{quote(path, safe='/:?=&')}")

    async def manifest(self, reference: str) -> Fetched:
        """The manifest or index that a tag or digest names.

        :class:`ProtocolError` when its content is not what a digest says.
        """
        headers = {"Accept": manifests.ACCEPT}
        url = self.url(f"manifests/{reference}")
        async with self.session.request("GET", url, self.pulling, headers) as answer:
            data = await answer.read(manifests.LIMIT)
            return _verified(data, reference, answer)

    async def tags(self) -> list[str]:
        """All tags, in the registry's order."""
        found: list[str] = []
        url: Url | None = self.url("tags/list")
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            if url is None:
                return found
            if url.target in seen:
                break
            seen.add(url.target)
            async with self.session.request("GET", url, self.pulling) as answer:
                found += _tags(await answer.read(_TAGS_LIMIT))
                url = _next_page(answer)
            if len(found) > _MOST_TAGS:
                break
        raise ProtocolError(f"{self.name}: the list of tags does not end")

    async def put_manifest(self, reference: str, data: bytes, media_type: str) -> None:
        """Let the tag or digest *reference* mean *data*."""
        url = self.url(f"manifests/{reference}")
        body = content(data, media_type)
        async with self.session.request(
            "PUT", url, self.pushing, None, body, good=(200, 201, 202)
        ) as answer:
            await answer.read(_TAGS_LIMIT)


def _verified(data: bytes, reference: str, answer: Answer) -> Fetched:
    media_type = answer.headers.get("content-type", "")
    if ":" not in reference:
        return Fetched(data, "sha256:" + hashlib.sha256(data).hexdigest(), media_type)
    algorithm, expected = split_digest(reference)
    if hashlib.new(algorithm, data).hexdigest() != expected:
        raise ProtocolError(f"manifest verification failed for digest {reference}")
    return Fetched(data, reference, media_type)


def _tags(data: bytes) -> list[str]:
    try:
        document = msgspec.json.decode(data)
        tags = document.get("tags") or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AttributeError):
        raise ProtocolError("malformed list of tags") from None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ProtocolError("malformed list of tags")
    return tags


def _next_page(answer: Answer) -> Url | None:
    """The ``Link`` header (RFC 5988) of a list that goes on; it must stay on the registry."""
    link = answer.headers.get("link", "")
    target, _, relation = link.partition(">")
    if not target.startswith("<") or 'rel="next"' not in relation.replace("rel=next", 'rel="next"'):
        return None
    url = answer.url.join(target[1:])
    if url.origin != answer.url.origin:
        raise InvalidParameter(f"the list of tags goes on at another host: {url}")
    return url
