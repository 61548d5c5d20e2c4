"""Names of manifests as Docker reads, prints and files them."""

from __future__ import annotations

import re

from boxship.base.errors import InvalidParameter

DEFAULT_DOMAIN = "docker.io"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(
    rf"(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?\Z",
    re.ASCII,
)
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?\Z", re.ASCII)


class Name:
    """A full name; a tag is there unless there is a digest."""

    __slots__ = ("digest", "domain", "path", "tag")

    def __init__(self, domain: str, path: str, tag: str, digest: str) -> None:
        self.domain = domain
        self.path = path
        self.tag = tag if tag or digest else "latest"
        self.digest = digest

    @property
    def repository(self) -> str:
        return f"{self.domain}/{self.path}"

    @property
    def suffix(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{tag}@{self.digest}" if self.digest else tag

    @property
    def full(self) -> str:
        return self.repository + self.suffix

    @property
    def shown(self) -> str:
        """As people write it, the tag always there."""
        if self.domain != DEFAULT_DOMAIN:
            return self.full
        official = self.path.startswith("library/") and self.path.count("/") == 1
        return (self.path[8:] if official else self.path) + self.suffix

    @property
    def file(self) -> str:
        """The name of its file. The grammar knows no name that begins with a dot."""
        return self.full.replace(":", "-").replace("/", "_")

    def at(self, digest: str) -> str:
        """The same repository's manifest *digest*."""
        return f"{self.repository}@{digest}"


def parse(text: str) -> Name:
    """:class:`InvalidParameter` in Docker's words when *text* is no name."""
    first, slash, rest = text.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost" or first.lower() != first):
        domain = DEFAULT_DOMAIN if first == "index.docker.io" else first
    else:
        domain, rest = DEFAULT_DOMAIN, text
    if domain == DEFAULT_DOMAIN and "/" not in rest:
        rest = f"library/{rest}"
    bare = rest.partition(":")[0]
    if bare.lower() != bare:
        raise InvalidParameter(
            f"invalid reference format: repository name ({bare}) must be lowercase"
        )
    found = _NAME.match(rest)
    if found is None or not _DOMAIN.match(domain):
        raise InvalidParameter("invalid reference format")
    return Name(domain, found["path"], found["tag"] or "", found["digest"] or "")
