"""What the operator of a hub may set."""

from dataclasses import dataclass, field
from pathlib import Path

from boxship.hub.proxies import TrustedProxies

MANIFEST_LIMIT = 4 << 20  # bytes; distribution-spec, section Pushing Manifests


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes in bytes, times in seconds."""

    root: Path
    url: str = ""
    """How clients reach the hub, ``https://hub.example.com``; empty: as their requests say."""
    tls: bool = False
    """The hub's own listener speaks TLS."""
    proxies: TrustedProxies = field(default_factory=TrustedProxies)
    """Who stands before the hub and may say whom it speaks for."""
    processes: int = 1
    """How many serve at the same time, on all listening sockets."""
    access_log: bool = False
    """A line of the log for each request: client, method, path, status."""
    blob_limit: int = 64 << 30
    stall: float = 120.0
    """For a client to send 1 MiB of an upload, or to take 4 MiB of a download."""
    grace: float = 86400.0
    """How long a blob that nothing names stays for the manifest that may come."""
    upload_time: float = 86400.0
    """How long an upload waits for its next chunk."""
    collect_every: float = 3600.0
    """Between two collections by the server; 0 for none."""
