"""A network namespace that is filled while the container that starts in it is set up."""

import asyncio
import contextlib
import os
from collections.abc import Coroutine
from typing import Any

from boxship.network.namespace import Namespace


class Preparation:
    """Owns *namespace*, and the gate: a pipe whose end the container's first process waits for."""

    def __init__(self, namespace: Namespace, filling: Coroutine[Any, Any, None]) -> None:
        """*filling* ends when everything is in the namespace; it is run from now on."""
        self.namespace = namespace
        #: The end to read from: a byte comes when the namespace is filled, none if it cannot be.
        self.gate, self._key = os.pipe2(os.O_CLOEXEC)
        self._filling = asyncio.ensure_future(filling)
        self._filling.add_done_callback(self._open)

    def _open(self, filled: "asyncio.Task[None]") -> None:
        if not filled.cancelled() and filled.exception() is None:
            # Who waited may be gone.
            with contextlib.suppress(OSError):
                os.write(self._key, b"1")
        os.close(self._key)

    async def settle(self) -> BaseException | None:
        """Why the namespace could not be filled, once that is known; None if it has been."""
        await asyncio.wait({self._filling})
        return self._filling.exception()

    def close(self) -> None:
        """To be called when it has settled."""
        self.namespace.close()
        os.close(self.gate)
