"""What a hub's request handlers work with. None of it holds state that another process lacks."""

from dataclasses import dataclass, field

from boxship.hub.auth.logins import Logins
from boxship.hub.auth.passwords import Passwords
from boxship.hub.auth.tokens import Tokens, key_from
from boxship.hub.registry.digesting import Digesting
from boxship.hub.settings import Settings
from boxship.hub.storage.blobs import BlobStore
from boxship.hub.storage.local import LocalBlobs
from boxship.hub.storage.metadata import Metadata
from boxship.hub.storage.sqlite.store import SqliteMetadata


@dataclass(slots=True)
class Hub:
    settings: Settings
    metadata: Metadata
    blobs: BlobStore
    tokens: Tokens
    logins: Logins
    digesting: Digesting = field(default_factory=Digesting)


def open_metadata(settings: Settings) -> Metadata:
    """The caller closes it. The root is made, for its owner alone, when missing."""
    settings.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    return SqliteMetadata(settings.root / "hub.sqlite")


def open_hub(settings: Settings) -> Hub:
    """The hub over ``settings.root``; the caller closes its ``metadata``."""
    metadata = open_metadata(settings)
    return Hub(
        settings=settings,
        metadata=metadata,
        blobs=LocalBlobs(settings.root / "blobs"),
        tokens=Tokens(key_from(settings.root / "token.key")),
        logins=Logins(metadata, Passwords()),
    )
