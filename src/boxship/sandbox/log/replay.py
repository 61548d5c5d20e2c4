"""Reading back what has been logged, for a client that attaches with ``logs``."""

import json
from collections.abc import Iterator
from typing import Any


def replay(path: str, max_files: int, client: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """(stream, bytes) of the streams that *client* wants, oldest first, rotated files included."""
    rotated = [f"{path}.{number}" for number in range(max_files - 1, 0, -1)]
    for name in [*rotated, path]:
        yield from _entries(name, client)


def _entries(path: str, client: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    try:
        with open(path, "rb") as file:
            for line in file:
                entry = json.loads(line)
                if client.get(entry["stream"]):
                    yield entry["stream"], entry["log"].encode()
    except (OSError, ValueError):
        return
