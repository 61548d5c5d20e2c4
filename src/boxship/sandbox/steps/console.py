"""The container's terminal, made in its own devpts and handed to the shim (pty(7))."""

import fcntl
import os
import socket
import struct
import termios
from typing import Any

from boxship.kernel import mount
from boxship.sandbox.steps.context import Context

_TIOCSPTLCK, _TIOCGPTPEER = 0x40045431, 0x5441


def open_pair(ptmx: int) -> tuple[int, int]:
    """The two ends of a new terminal of the devpts that *ptmx* belongs to; closes *ptmx*'s path."""
    fcntl.ioctl(ptmx, _TIOCSPTLCK, struct.pack("i", 0))
    peer = fcntl.ioctl(ptmx, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    return ptmx, peer


def allocate(ptmx: int, size: tuple[int, int], console: int) -> list[int]:
    """Open a terminal, send its parent end over the socket *console*, return the child's stdio."""
    parent, child = open_pair(ptmx)
    if any(size):
        fcntl.ioctl(parent, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    channel = socket.socket(fileno=console)
    socket.send_fds(channel, [b"p"], [parent])
    channel.detach()
    os.close(parent)
    return [child, child, child]


def make(context: Context, step: dict[str, Any]) -> None:
    """The terminal, bound to /dev/console as well."""
    assert context.console is not None
    ptmx = context.root.open("/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY)
    context.stdio = allocate(ptmx, context.size, context.console)
    target = context.root.file("/dev/console")
    source = mount.clone(context.stdio[0])
    mount.move_mount(source, target)
    os.close(target)
    os.close(source)
