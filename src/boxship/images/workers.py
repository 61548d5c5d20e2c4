"""What images need of the processes that do their dangerous work."""

from collections.abc import Sequence
from typing import Any, Protocol


class WorkerRunner(Protocol):
    """Runs a worker of :mod:`boxship.sandbox.workers` in a process of its own."""

    async def run(
        self, kind: str, args: dict[str, Any], fds: Sequence[int] = ()
    ) -> dict[str, Any]: ...
