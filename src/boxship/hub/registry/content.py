"""Digests and references in paths, and the headers that answers about content share."""

from boxship.base.digests import is_digest
from boxship.hub.answers import Headers
from boxship.hub.request import Request
from boxship.hub.storage.records import Repository
from boxship.oci.distribution.errors import DistributionError
from boxship.oci.distribution.names import is_tag


def known(repository: Repository | None, name: str) -> Repository:
    """*repository*; NAME_UNKNOWN without one."""
    if repository is None:
        raise DistributionError("NAME_UNKNOWN", detail={"name": name})
    return repository


def digest_in(text: str) -> str:
    """*text*, a digest of an algorithm that the hub verifies; DIGEST_INVALID."""
    if not is_digest(text):
        raise DistributionError(
            "DIGEST_INVALID", "invalid digest: expected sha256 or sha512, a colon, and hex digits"
        )
    return text


def reference_in(text: str) -> str:
    """*text*, a tag or a digest; MANIFEST_INVALID for an impossible tag."""
    if ":" in text:
        return digest_in(text)
    if not is_tag(text):
        raise DistributionError("MANIFEST_INVALID", "invalid tag")
    return text


def described(digest: str) -> Headers:
    return [("Docker-Content-Digest", digest), ("ETag", f'"{digest}"')]


def unchanged(request: Request, digest: str) -> bool:
    """Whether the client says that it has this already (If-None-Match, RFC 9110)."""
    tags = [tag.strip().removeprefix("W/") for tag in request.header("if-none-match").split(",")]
    return f'"{digest}"' in tags or "*" in tags
