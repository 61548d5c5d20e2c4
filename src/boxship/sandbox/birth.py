"""The birth of a process in the pid namespace of a running container.

Whatever is visible in a container can be traced from inside, given CAP_SYS_PTRACE. So a *joiner*,
which stays in the host's pid namespace, joins the container's other namespaces, takes the rights of
the program and closes what is the host's. Only then it forks the *program's process* into the
container's pid namespace, and ends once that process has executed the program.

Both report on one SOCK_SEQPACKET socket, to whose packets the kernel adds the pid of the sender
(SO_PASSCRED, unix(7)): the joiner a failure as JSON (:mod:`boxship.sandbox.failure`), the new
process one byte. A program inside that can trace the new process can take the socket from it, so
that a failure counts from the joiner alone, and nobody waits for the end of file without need.
"""

import os
import socket
import struct
from typing import NamedTuple

from boxship.kernel import libc, process
from boxship.sandbox import launch, messages

_BORN = b"b"
_CLONE_VFORK, _SIGCHLD = 0x4000, 17
# A failure has at most failure.LONGEST characters, of six bytes each in JSON.
_LARGEST = 1 << 17
_CREDENTIALS = struct.Struct("=iII")
_ANCILLARY = socket.CMSG_SPACE(_CREDENTIALS.size)


class Report(NamedTuple):
    """A packet: *failure* as JSON, empty if it tells of a birth, and the *pid* of the sender."""

    failure: bytes
    pid: int


def report_pair() -> tuple[int, int]:
    """Return the shim's end and the joiner's; the caller closes both."""
    ours, theirs = process.packet_pair()
    end = socket.socket(fileno=ours)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    return end.detach(), theirs


def read(report: int) -> Report | None:
    """Take a packet on the shim's end, or None at the end of file. :class:`BlockingIOError`"""
    end = socket.socket(fileno=report)
    try:
        data, ancillary, _, _ = end.recvmsg(_LARGEST, _ANCILLARY, messages.AT_ONCE)
    finally:
        end.detach()
    if not data:
        return None
    pid = 0
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            pid = _CREDENTIALS.unpack(content)[0]
    return Report(b"" if data == _BORN else data, pid)


def split(report: int, tty: bool) -> None:
    """Fork: only the child returns, as the leader of a session, without *report*.

    The joiner sleeps until the child has executed its program or is dead (CLONE_VFORK, clone(2)),
    and ends. The seccomp filter is in force: ``kernel/seccomp/evaluate.py`` lists the calls.
    """
    if libc.syscall(libc.NUMBERS["clone"], _CLONE_VFORK | _SIGCHLD, 0, 0, 0, 0):
        os._exit(0)
    os.write(report, _BORN)
    os.close(report)
    launch.lead_session(tty)
