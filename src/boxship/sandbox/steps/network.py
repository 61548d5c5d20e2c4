"""The network namespace: its loopback interface (netdevice(7)), and what the daemon puts in."""

import fcntl
import os
import socket
import struct
from typing import Any

from boxship.sandbox.failure import StageError
from boxship.sandbox.steps.context import Context

_SIOCSIFFLAGS = 0x8914
_IFF_UP, _IFF_RUNNING = 1, 0x40


def loopback_up(context: Context, step: dict[str, Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as control:
        request = struct.pack("16sh14x", b"lo", _IFF_UP | _IFF_RUNNING)
        fcntl.ioctl(control, _SIOCSIFFLAGS, request)


def await_filled(context: Context, step: dict[str, Any]) -> None:
    """The daemon makes the interfaces meanwhile; if it cannot, it knows itself why."""
    if not os.read(context.gate, 1):
        raise StageError("the container has no network")
    os.close(context.gate)
