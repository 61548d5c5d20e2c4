"""Interfaces that are being deleted.

The kernel takes tens of milliseconds for it, in which it waits until nobody looks at them any more
(rcu_barrier in netdev_run_todo): nobody waits with it but who wants the same name again.
"""

import contextlib
import errno
import logging
from concurrent.futures import Future, ThreadPoolExecutor

from boxship.kernel import rtnetlink

_log = logging.getLogger(__name__)


class Burials:
    """Belongs to one thread, whose network namespace it works in."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="burial")
        self._pending: dict[str, Future[None]] = {}

    def begin(self, name: str) -> None:
        """Delete the interface, which is down already; of an error, the next daemon sweeps."""
        self._pending = {key: each for key, each in self._pending.items() if not each.done()}
        self._pending[name] = self._executor.submit(_delete, name)

    def wait(self, name: str) -> None:
        """Until nothing of that name is being deleted."""
        pending = self._pending.pop(name, None)
        if pending is not None:
            pending.result()

    def close(self) -> None:
        """When all are gone."""
        self._executor.shutdown(wait=True)


def _delete(name: str) -> None:
    try:
        with contextlib.closing(rtnetlink.open_socket()) as channel:
            channel.require([rtnetlink.delete_link(name)], ignore=(errno.ENODEV,))
    except OSError as error:
        _log.warning("cannot delete %s: %s", name, error)
