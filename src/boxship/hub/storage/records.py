"""What a metadata store keeps, as its callers see it. Times are seconds since 1970."""

import enum
from dataclasses import dataclass


class Right(enum.IntEnum):
    """What a user may do in a repository; each includes those before."""

    NONE = 0
    PULL = 1
    PUSH = 2
    DELETE = 3
    ADMIN = 4


@dataclass(frozen=True, slots=True)
class Repository:
    id: int
    name: str
    public: bool


@dataclass(frozen=True, slots=True)
class Blob:
    """A published blob; *key* is its name in the blob store, *touched* its link's last use."""

    digest: str
    size: int
    key: str
    touched: float


@dataclass(frozen=True, slots=True)
class Manifest:
    digest: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class NewManifest:
    """A checked manifest on its way in. *referrer* is its descriptor for the referrers list."""

    digest: str
    media_type: str
    content: bytes
    blobs: tuple[str, ...]
    manifests: tuple[str, ...]
    subject: str | None
    artifact_type: str
    referrer: bytes


@dataclass(frozen=True, slots=True)
class Tag:
    name: str
    digest: str
    media_type: str
    changed: float


@dataclass(frozen=True, slots=True)
class Upload:
    key: str
    repository: int
    touched: float


@dataclass(frozen=True, slots=True)
class User:
    name: str
    password: str
    """An argon2 hash."""
    admin: bool
    created: float


@dataclass(frozen=True, slots=True)
class Secret:
    """Something that stands for a user: a refresh token, a token for machines, a session."""

    id: int
    user: str
    kind: str
    """``refresh``, ``machine`` or ``session``."""
    label: str
    most: Right
    """No request with this secret may do more."""
    created: float
    expires: float | None
    origin: int | None = None
    """The id of the secret that this one was derived from; None: a password, or an operator."""


class MissingContent(Exception):
    """A manifest names blobs or manifests that its repository lacks; *digest* is the first."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest
