"""Everything that the engine does with registries; one method a verb."""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from boxship.base.errors import InvalidParameter, NotFound
from boxship.engine.sharing.caches import Caches
from boxship.engine.sharing.downloads import Downloads
from boxship.engine.sharing.messages import Message, Reporter
from boxship.engine.sharing.pull import Pull
from boxship.engine.sharing.push import Manner, Push
from boxship.engine.sharing.registries import Registries
from boxship.engine.sharing.remote import Remote
from boxship.images import platform as platforms
from boxship.images import reference as references
from boxship.images.images import Images
from boxship.images.record import ImageRecord
from boxship.images.reference import Reference
from boxship.oci.layout import Descriptor
from boxship.registry.credentials import Credentials
from boxship.registry.settings import RegistrySettings

Wanted = Callable[[dict[str, Any]], bool]
_MOST_MANNERS = 1000
Emit = Callable[[str, str, dict[str, str]], object]


class Sharing:
    """Belongs to the running loop. *emit* is told of every image pulled and pushed."""

    def __init__(self, images: Images, settings: RegistrySettings, emit: Emit) -> None:
        self._images = images
        self._registries = Registries(settings)
        self._downloads = Downloads(images.exchange)
        self._emit = emit
        self.remote = Remote(self._registries)
        self.caches = Caches(self._registries, images.exchange, self._downloads)
        self._manners: dict[str, Manner] = {}

    def close(self) -> None:
        self._registries.close()

    @property
    def settings(self) -> RegistrySettings:
        return self._registries.settings

    def reload(self, settings: RegistrySettings) -> None:
        """Reach registries by *settings* from now on. :class:`InvalidParameter`, and nothing
        changed, when they are malformed."""
        self._registries.reload(settings)

    def write_as(self, manner: Manner, image_ids: Sequence[str]) -> None:
        """Let pushes of these images write them so, until another manner is asked for."""
        for image_id in image_ids:
            self._manners.pop(image_id, None)
            if manner != Manner():
                self._manners[image_id] = manner
        while len(self._manners) > _MOST_MANNERS:
            del self._manners[next(iter(self._manners))]

    def pull(
        self, image: str, tag: str, platform: str, credentials: Credentials
    ) -> AsyncGenerator[Message, None]:
        """Messages of the progress stream. *tag* may be a digest; without one, all tags are
        fetched. Closing the iterator stops the work."""
        name = named(image, tag)
        wanted = platforms.parse_served(platform) if platform else platforms.host()
        return Reporter().run(lambda reporter: self._pull(name, wanted, credentials, reporter))

    async def _pull(
        self,
        name: Reference,
        wanted: platforms.Platform,
        credentials: Credentials,
        reporter: Reporter,
    ) -> None:
        pull = Pull(
            self._registries,
            self._images.exchange,
            self._downloads,
            credentials,
            wanted,
            reporter,
        )
        one = bool(name.tag or name.digest)
        found = await (pull.one(name) if one else pull.every_tag(name))
        for image_id in dict.fromkeys(found[:1]):
            self._announce("pull", name, image_id)

    def push(
        self, image: str, tag: str, platform: str | None, credentials: Credentials
    ) -> AsyncGenerator[Message, None]:
        """Messages of the progress stream. Without a tag, all tags of the repository go; without
        a platform, all platforms of a tag."""
        name = named(image, tag)
        if name.digest:
            raise InvalidParameter("cannot push a digest reference")
        wanted = platforms.parse(platform) if platform else None
        return Reporter().run(lambda reporter: self._push(name, wanted, credentials, reporter))

    async def _push(
        self,
        name: Reference,
        wanted: platforms.Platform | None,
        credentials: Credentials,
        reporter: Reporter,
    ) -> None:
        reporter.say(f"The push refers to repository [{name.repository}]")
        names = [name] if name.tag else self._images.exchange.tags(name)
        if not names:
            raise _unknown(name)
        images = [(one, self._variants(one, wanted)) for one in names]
        push = await self._opened(name, credentials, reporter)
        for one, variants in images:
            await push.tag(one, variants)
            self._announce("push", one, variants[0].id)

    async def publish(
        self,
        name: Reference,
        images: Sequence[ImageRecord],
        credentials: Credentials,
        reporter: Reporter,
        insecure: bool = False,
    ) -> Descriptor:
        """Let *name* mean *images* in its registry, whatever it means here; without a tag they are
        there by their digest alone. *insecure*: any certificate of the registry, or none, will do.
        Return the descriptor of the manifest or index there."""
        push = await self._opened(name, credentials, reporter, insecure)
        manifest = await push.tag(name, images)
        self._announce("push", name, images[0].id)
        return manifest

    async def _opened(
        self,
        name: Reference,
        credentials: Credentials,
        reporter: Reporter,
        insecure: bool = False,
    ) -> Push:
        repository = await self._registries.open(name, credentials, insecure)
        foreign = self.settings.takes_nondistributable(name.domain)
        return Push(self._images.exchange, repository, reporter, foreign, self._manners)

    def _variants(self, name: Reference, wanted: platforms.Platform | None) -> list[ImageRecord]:
        """The images behind a tag, the preferred one first; those of the platform *wanted*."""
        found = self._images.exchange.tagged(name)
        if not found:
            raise _unknown(name)
        fitting = [one for one in found if wanted is None or one.platform.runs(wanted)]
        if not fitting:
            raise NotFound(
                f"image with reference {name.familiar} was found but does not provide the "
                f"specified platform ({wanted})"
            )
        return fitting

    async def login(self, server: str, credentials: Credentials) -> dict[str, str]:
        """API operation SystemAuth. :class:`Unauthorized` when the registry refuses."""
        token = await self._registries.login(domain_of(server), credentials)
        return {"IdentityToken": token, "Status": "Login Succeeded"}

    async def search(
        self, term: str, limit: int, wanted: Wanted, credentials: Credentials
    ) -> list[dict[str, Any]]:
        """API operation ImageSearch: *term* may begin with a registry."""
        if "://" in term:
            raise InvalidParameter(f"invalid repository name: repository name ({term}) has a URL")
        domain, rest = references.split_domain(term)
        query = urlencode({"q": rest.removeprefix("library/"), "n": limit})
        found = await self._registries.search(domain, query, credentials)
        return [row for row in found if wanted(row)]

    def _announce(self, action: str, name: Reference, image_id: str) -> None:
        labels = self._images.resolve(image_id).labels
        self._emit(action, name.familiar, {**labels, "name": name.familiar_name})


def _unknown(name: Reference) -> NotFound:
    return NotFound(f"An image does not exist locally with the tag: {name.familiar_name}")


def domain_of(server: str) -> str:
    """The registry that a login names: an address, or Docker Hub's legacy URL."""
    host = server.partition("://")[2] or server
    host = host.partition("/")[0]
    hub = ("", "index.docker.io", "registry-1.docker.io", "docker.io")
    return "docker.io" if host in hub else host


def named(image: str, tag: str) -> Reference:
    """What ``fromImage=…&tag=…`` names. A digest in either place wins over a tag."""
    name = references.parse(image)
    if name.repository == "docker.io/library/scratch":
        raise InvalidParameter("'scratch' is a reserved name")
    if ":" in tag:
        return references.parse(f"{name.repository}@{tag}")
    return name.with_tag(tag) if tag and not name.digest else name
