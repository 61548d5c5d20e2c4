"""The metadata store: everything that is not a blob. Every method is one transaction."""

from typing import Protocol

from boxship.hub.storage.records import (
    Blob,
    Manifest,
    NewManifest,
    Repository,
    Right,
    Secret,
    Tag,
    Upload,
    User,
)


class Repositories(Protocol):
    """Repositories and who may do what in them."""

    async def repository(self, name: str) -> Repository | None: ...

    async def ensure_repository(self, name: str) -> Repository:
        """The repository of that name, made (private) when missing."""

    async def set_public(self, name: str, public: bool) -> None:
        """:class:`~boxship.base.errors.NotFound` when there is none."""

    async def remove_repository(self, name: str) -> None:
        """With all that is in it; the blobs that nobody else holds are garbage then."""

    async def visible(self, user: str | None, after: str, count: int) -> list[Repository]:
        """At most *count* repositories behind the name *after* that *user* may pull, by name.

        None stands for somebody without a name, who sees the public ones.
        """

    async def repositories(self, after: str, count: int) -> list[Repository]:
        """At most *count* of all repositories behind the name *after*, by name."""

    async def right(self, user: str, name: str) -> Right:
        """Granted, or by owning the namespace, or as an administrator; also before it exists."""

    async def grant(self, user: str, name: str, right: Right) -> None:
        """Right.NONE takes it away. NotFound for an unknown user or repository."""

    async def grants(self, name: str) -> list[tuple[str, Right]]: ...


class Content(Protocol):
    """What repositories hold."""

    async def blob(self, repository: int, digest: str) -> Blob | None: ...

    async def touch(self, repository: int, digest: str, now: float) -> None:
        """Somebody is about to use this blob."""

    async def holders(self, digest: str) -> list[Repository]:
        """Repositories that have this blob (at most 100)."""

    async def mount(self, repository: int, digest: str, now: float) -> bool:
        """Link a published blob; False when there is no such blob any more."""

    async def unlink(self, repository: int, digest: str) -> bool:
        """Take the blob out of the repository; False when it was not there.

        A blob that no repository has any more is garbage.
        """

    async def begin(self, key: str, repository: int, now: float) -> None:
        """Record an upload before its first byte is stored."""

    async def upload(self, key: str, repository: int) -> Upload | None: ...

    async def keep(self, key: str, now: float) -> None:
        """The upload still goes on."""

    async def publish(self, key: str, digest: str, size: int, now: float) -> bool:
        """The upload's bytes are the blob *digest*. False when the upload is gone.

        When another copy was first, that one stays and this one becomes garbage.
        """

    async def cancel(self, key: str) -> bool:
        """The upload's bytes are garbage; False, and they are not, where it has become a blob."""

    async def put_manifest(
        self, repository: int, manifest: NewManifest, tag: str | None, now: float
    ) -> None:
        """Keep it and point *tag* at it; MissingContent when something that it names lacks."""

    async def manifest(self, repository: int, reference: str) -> Manifest | None:
        """By tag or by digest."""

    async def remove_manifest(self, repository: int, digest: str) -> bool:
        """With the tags that point at it; False when it was not there."""

    async def remove_tag(self, repository: int, tag: str) -> bool: ...

    async def tags(self, repository: int, after: str, count: int) -> list[Tag]:
        """At most *count* tags behind *after*; letters before their other case, then by bytes."""

    async def referrers(
        self, repository: int, subject: str, artifact_type: str | None, after: str, count: int
    ) -> list[tuple[str, bytes]]:
        """Digest and descriptor of manifests with this subject, by digest."""


class Collection(Protocol):
    """What the garbage collector asks."""

    async def expire_uploads(self, before: float) -> int:
        """Cancel uploads that were last kept before then."""

    async def remove_untagged(self, before: float) -> int:
        """Remove manifests older than that which no tag, index or living subject holds."""

    async def unlink_unused(self, before: float) -> int:
        """Unlink blobs that no manifest of their repository names, last touched before then, in
        repositories without a running upload. How many were unlinked."""

    async def garbage(self, count: int) -> list[str]:
        """Keys whose bytes nobody needs."""

    async def forget(self, keys: list[str]) -> None:
        """The bytes of these keys are gone."""

    async def sweep_secrets(self, now: float) -> None:
        """Forget what has expired."""


class Accounts(Protocol):
    """Users and what stands for them."""

    async def user(self, name: str) -> User | None: ...
    async def users(self) -> list[User]: ...

    async def add_user(self, user: User) -> None:
        """:class:`~boxship.base.errors.Conflict` when there is one of that name."""

    async def remove_user(self, name: str) -> None:
        """With rights and secrets; repositories stay. NotFound."""

    async def set_password(self, name: str, password: str) -> None:
        """And end sessions and logins that the old one began. NotFound."""

    async def add_secret(self, secret: Secret, digest: str, password: str | None = None) -> bool:
        """Keep *digest*, the SHA-256 of a secret; ``secret.id`` is ignored.

        *password* is the hash that the login was checked against. Return False, and keep nothing,
        if the user has another password by now or the origin is gone.
        """

    async def secret(self, digest: str, now: float) -> Secret | None: ...
    async def secrets(self, user: str) -> list[Secret]: ...

    async def remove_secret(self, user: str, number: int) -> bool:
        """Remove a secret and all that were derived from it. Return False if there is none."""

    async def end_secret(self, digest: str) -> None:
        """Remove a secret and all that were derived from it."""

    async def attempt(self, limits: dict[str, int], now: float, window: float) -> float:
        """Count one attempt at each key of *limits*; seconds to wait when one had too many."""

    async def succeeded(self, keys: list[str]) -> None:
        """Give back one attempt at each key: it was none that failed."""


class Metadata(Repositories, Content, Collection, Accounts, Protocol):
    def close(self) -> None: ...
