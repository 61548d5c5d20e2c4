"""Reading back what has been logged, for a client that attaches with ``logs``."""

import json
from typing import Any


def replay(path: str, client: dict[str, Any]) -> list[tuple[str, bytes]]:
    """(stream, bytes) in order, of the streams that *client* wants; the newest file only."""
    result: list[tuple[str, bytes]] = []
    try:
        with open(path, "rb") as file:
            for line in file:
                entry = json.loads(line)
                if client.get(entry["stream"]):
                    result.append((entry["stream"], entry["log"].encode()))
    except (OSError, ValueError):
        return result
    return result
