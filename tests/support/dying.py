"""A process that ends between two of its calls to the kernel."""

import socket
from collections.abc import Sequence

from boxship.kernel.netlink import Message, Netlink


class Dead(BaseException):
    """No handler of errors runs in a process that has ended."""


class Dying(Netlink):
    """Of rtnetlink; whoever uses it is :class:`Dead` after *left* datagrams."""

    def __init__(self, left: int) -> None:
        super().__init__(socket.NETLINK_ROUTE)
        self._left = left

    def _send(self, messages: Sequence[Message], flags: int) -> int:
        self._left -= 1
        if self._left < 0:
            raise Dead
        return super()._send(messages, flags)
