"""Names of images as Docker reads and prints them.

``busybox`` means ``docker.io/library/busybox:latest``; messages and lists show the short form,
called *familiar*. Grammar: the distribution project's reference format.
"""

import re
from dataclasses import dataclass, replace

from boxship.base.digests import is_digest
from boxship.base.errors import InvalidParameter

DEFAULT_DOMAIN = "docker.io"
_LEGACY_DOMAIN = "index.docker.io"
_OFFICIAL = "library/"
DEFAULT_TAG = "latest"
_MAX_NAME = 255

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_TAG = r"[\w][\w.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(
    rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)"
    rf"(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?\Z",
    re.ASCII,
)
_TAG_ALONE = re.compile(_TAG + r"\Z", re.ASCII)
_IDENTIFIER = re.compile(r"[a-f0-9]{64}\Z")
_ID_PREFIX = re.compile(r"(?:sha256:)?[a-f0-9]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class Reference:
    """A normalised name. ``repository`` is domain and path; at least one of the others may be
    missing; with neither the reference names a whole repository."""

    domain: str
    path: str
    tag: str | None = None
    digest: str | None = None

    @property
    def repository(self) -> str:
        return f"{self.domain}/{self.path}"

    @property
    def familiar_name(self) -> str:
        """The repository as people write it."""
        if self.domain != DEFAULT_DOMAIN:
            return self.repository
        short = self.path.removeprefix(_OFFICIAL)
        return self.path if "/" in short else short

    def _with_suffix(self, name: str) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{name}{tag}" + (f"@{self.digest}" if self.digest else "")

    @property
    def familiar(self) -> str:
        return self._with_suffix(self.familiar_name)

    def __str__(self) -> str:
        return self._with_suffix(self.repository)

    def with_default_tag(self) -> "Reference":
        """Add ``latest`` where neither tag nor digest is given."""
        return self if self.tag or self.digest else replace(self, tag=DEFAULT_TAG)

    def with_tag(self, tag: str) -> "Reference":
        """:class:`InvalidParameter` when *tag* is none."""
        if not _TAG_ALONE.match(tag):
            raise InvalidParameter("invalid tag format")
        return replace(self, tag=tag)


def shown(text: str) -> str:
    """The whole name that *text* stands for; *text* itself where it is no name."""
    try:
        return str(parse(text).with_default_tag())
    except InvalidParameter:
        return text


def parse(text: str) -> Reference:
    """Normalise *text*. :class:`InvalidParameter` with Docker's wording when it is malformed."""
    if _IDENTIFIER.match(text):
        raise InvalidParameter(
            f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
        )
    domain, remainder = split_domain(text)
    name = remainder.partition(":")[0]
    if name.lower() != name:
        raise InvalidParameter(
            f"invalid reference format: repository name ({name}) must be lowercase"
        )
    match = _REFERENCE.match(f"{domain}/{remainder}")
    if match is None or match["domain"] != domain:
        raise InvalidParameter("invalid reference format")
    if match["digest"] and not is_digest(match["digest"]):
        raise InvalidParameter("invalid reference format")
    if len(domain) + 1 + len(match["path"]) > _MAX_NAME:
        raise InvalidParameter("repository name must not be more than 255 characters")
    return Reference(domain, match["path"], match["tag"], match["digest"])


def split_domain(text: str) -> tuple[str, str]:
    """A first component is a registry only if it cannot be a user: dot, port, localhost, case."""
    head, slash, rest = text.partition("/")
    is_registry = "." in head or ":" in head or head == "localhost" or head.lower() != head
    if not slash or not is_registry:
        domain, rest = DEFAULT_DOMAIN, text
    else:
        domain = DEFAULT_DOMAIN if head == _LEGACY_DOMAIN else head
    if domain == DEFAULT_DOMAIN and "/" not in rest:
        rest = _OFFICIAL + rest
    return domain, rest


def parse_tagged(repository: str, tag: str) -> Reference:
    """What ``repo=…&tag=…`` of the API names, to be given to an image."""
    reference = parse(repository)
    if reference.digest:
        raise InvalidParameter("cannot import digest reference")
    if tag:
        reference = reference.with_tag(tag)
    if reference.familiar_name == "sha256":
        raise InvalidParameter("refusing to create an ambiguous tag using digest algorithm as name")
    return reference.with_default_tag()


def as_image_id(text: str) -> str | None:
    """The image ID that *text* spells out in full, with or without ``sha256:``."""
    if _IDENTIFIER.match(text):
        return f"sha256:{text}"
    return text if is_digest(text) else None


def as_id_prefix(text: str) -> str | None:
    """Hex digits that may begin an image ID, or None when *text* cannot be one."""
    return text.removeprefix("sha256:") if _ID_PREFIX.match(text) else None
