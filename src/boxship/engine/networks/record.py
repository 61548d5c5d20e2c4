"""What a running container has of networks: on tmpfs beside its shim, for the next daemon."""

import contextlib
import ipaddress
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from boxship.base.whole_files import replace_file
from boxship.network.ruleset import Publication
from boxship.types.networking import EndpointSettings

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_FILE = "network.json"


class Published(msgspec.Struct):
    """A :class:`Publication` as JSON."""

    protocol: str
    host: str
    port: int
    target: str
    target_port: int

    def publication(self) -> Publication:
        return Publication(
            self.protocol,
            ipaddress.ip_address(self.host),
            self.port,
            ipaddress.ip_address(self.target),
            self.target_port,
        )


class Record(msgspec.Struct):
    """*endpoints* and *interfaces* by the network's name in the container's configuration;
    *resolv_conf*: what was written there last, so that what the user writes is seen; *counts*: of
    interfaces by their names' beginning; *changing*: the one that is coming or going."""

    endpoints: dict[str, EndpointSettings] = {}
    interfaces: dict[str, str] = {}
    published: list[Published] = []
    resolv_conf: str = ""
    counts: dict[str, int] = {}
    changing: str = ""

    def next_interface(self, prefix: str) -> str:
        """Each number is given once, as long as the container runs."""
        used = set(self.interfaces.values())
        number = self.counts.get(prefix, 0)
        while f"{prefix}{number}" in used:
            number += 1
        self.counts[prefix] = number + 1
        return f"{prefix}{number}"

    def publications(self) -> list[Publication]:
        return [row.publication() for row in self.published]


def write(engine: "Engine", container_id: str, record: Record) -> None:
    """To be called before anything of it is made."""
    directory = engine.supervisor.run_directory(container_id)
    with contextlib.suppress(FileExistsError):
        os.mkdir(directory, 0o711)
    replace_file(f"{directory}/{_FILE}", msgspec.json.encode(record))


def read(engine: "Engine", container_id: str) -> Record | None:
    try:
        raw = Path(engine.supervisor.run_directory(container_id), _FILE).read_bytes()
        return msgspec.json.decode(raw, type=Record)
    except (OSError, msgspec.MsgspecError):
        return None


def forget(engine: "Engine", container_id: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(f"{engine.supervisor.run_directory(container_id)}/{_FILE}")
