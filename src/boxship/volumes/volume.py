"""A volume as the store keeps it."""

import msgspec

ANONYMOUS = "com.docker.volume.anonymous"


class Volume(msgspec.Struct, kw_only=True):
    """*created* is in nanoseconds since the epoch; *mountpoint* the host directory.

    With *options* something is mounted in that directory's stead: see ``backing``.
    """

    name: str
    mountpoint: str
    created: int
    driver: str = "local"
    labels: dict[str, str] | None = None
    options: dict[str, str] | None = None

    @property
    def anonymous(self) -> bool:
        """Made without a name, so that a prune may take it."""
        return ANONYMOUS in (self.labels or {})
