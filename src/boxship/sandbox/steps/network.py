"""The loopback interface of a fresh network namespace (netdevice(7))."""

import fcntl
import socket
import struct
from typing import Any

from boxship.sandbox.steps.context import Context

_SIOCSIFFLAGS = 0x8914
_IFF_UP, _IFF_RUNNING = 1, 0x40


def loopback_up(context: Context, step: dict[str, Any]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as control:
        request = struct.pack("16sh14x", b"lo", _IFF_UP | _IFF_RUNNING)
        fcntl.ioctl(control, _SIOCSIFFLAGS, request)
