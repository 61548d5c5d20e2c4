"""Keeping what others take away: they flush all rules, or reload a firewall that drops our packets.

The kernel tells of each change; nothing is looked at in between.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from boxship.base.errors import BoxshipError
from boxship.kernel.nft_events import NftEvents
from boxship.network.firewall import Firewall
from boxship.network.foreign_rules import ForeignRules

_log = logging.getLogger(__name__)
# Seconds: a firewall that is reloaded makes many changes, and is done with them by then.
_PAUSE = 0.05


class Watch:
    """*do* runs a function in the thread that owns the rules, where this object is made, and what
    is not a coroutine here runs."""

    def __init__(
        self,
        firewall: Firewall,
        foreign: ForeignRules,
        do: Callable[[Callable[[], None]], Awaitable[None]],
    ) -> None:
        self._firewall = firewall
        self._foreign = foreign
        self._do = do
        self._events = NftEvents()
        # Our socket's port stands in the news of a change that we make.
        firewall.touch()
        self._own = self._events.authors()
        self._mending: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """To be called in the event loop."""
        asyncio.get_running_loop().add_reader(self._events.fileno(), self._told)

    def _told(self) -> None:
        if self._events.authors() - self._own and self._mending is None:
            self._mending = asyncio.get_running_loop().create_task(self._mend())

    async def _mend(self) -> None:
        await asyncio.sleep(_PAUSE)
        self._mending = None
        try:
            await self._do(self._put_back)
        except (BoxshipError, OSError) as error:
            _log.warning("rules of nftables could not be put back: %s", error)

    def _put_back(self) -> None:
        if not self._firewall.is_present():
            _log.info("somebody has removed the rules of nftables: they are put in place again")
            self._firewall.restore()
        self._firewall.forget_admissions()
        self._foreign.survey()
        self._foreign.settle(self._firewall.bridges)

    def close(self) -> None:
        """In the event loop."""
        asyncio.get_running_loop().remove_reader(self._events.fileno())
        if self._mending is not None:
            self._mending.cancel()
        self._events.close()
