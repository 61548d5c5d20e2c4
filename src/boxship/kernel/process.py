"""Processes: namespaces, prctl(2), pidfds, close_range(2)."""

import ctypes
import os

from boxship.kernel import libc

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = (
    0x20000,
    0x02000000,
    0x04000000,
    0x08000000,
)
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NAME, _PR_SET_CHILD_SUBREAPER = 1, 4, 15, 36
_PR_SET_NO_NEW_PRIVS = 38
_KEYCTL_JOIN_SESSION_KEYRING, _KEYCTL_SETPERM, _KEY_SPEC_SESSION_KEYRING = 1, 5, -3
# All to its possessor; view, read, search and link to its owner's other processes (keyrings(7)).
_SEARCHABLE = 0x3F1B0000
_AF_UNIX, _SEQPACKET = 1, 5
_MAX_FD = 0xFFFFFFFF


# Called by each shim, whose private memory grows with every step that a call takes in Python.
_unshare = libc.function("unshare", ctypes.c_int)
_setns = libc.function("setns", ctypes.c_int, ctypes.c_int)
_prctl = libc.function("prctl", ctypes.c_int, *[ctypes.c_ulong] * 4)
_socketpair = libc.function("socketpair", *[ctypes.c_int] * 3, ctypes.POINTER(ctypes.c_int))
_prctl_text = libc.function("prctl", ctypes.c_int, ctypes.c_char_p, *[ctypes.c_ulong] * 3)
# Not os.closerange: where Python was built without the call, it closes two billion one by one.
_close_range = libc.function("syscall", *[ctypes.c_long] * 4)


def unshare(flags: int) -> None:
    if _unshare(flags):
        raise libc.fail()


def setns(fd: int, kinds: int = 0) -> None:
    """Join the namespace *fd*, or, with a pidfd, the *kinds* of that process."""
    if _setns(fd, kinds):
        raise libc.fail()


def prctl(option: int, value: int) -> None:
    if _prctl(option, value, 0, 0, 0) < 0:
        raise libc.fail()


def set_file_owner(uid: int, gid: int) -> None:
    """setfsuid(2), setfsgid(2): whose the files are that this thread makes."""
    libc.call("setfsgid", gid)
    libc.call("setfsuid", uid)


def set_dumpable(value: bool) -> None:
    prctl(_PR_SET_DUMPABLE, int(value))


def set_child_subreaper() -> None:
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def set_no_new_privs() -> None:
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def set_parent_death_signal(signal: int) -> None:
    prctl(_PR_SET_PDEATHSIG, signal)


def set_name(name: str) -> None:
    """The command name that ps shows (15 bytes)."""
    if _prctl_text(_PR_SET_NAME, os.fsencode(name)[:15], 0, 0, 0):
        raise libc.fail()


def sethostname(name: str) -> None:
    raw = os.fsencode(name)
    libc.call("sethostname", raw, len(raw))


def setdomainname(name: str) -> None:
    raw = os.fsencode(name)
    libc.call("setdomainname", raw, len(raw))


def join_new_session_keyring(name: str) -> None:
    """keyctl(2): the session keyring *name*, fresh unless there is one: no key of the host's."""
    libc.syscall(libc.NUMBERS["keyctl"], _KEYCTL_JOIN_SESSION_KEYRING, os.fsencode(name))


def new_session_keyring(name: str) -> None:
    """One that processes of its owner may join by its name (keyctl_setperm(3))."""
    join_new_session_keyring(name)
    command, keyring = _KEYCTL_SETPERM, _KEY_SPEC_SESSION_KEYRING
    libc.syscall(libc.NUMBERS["keyctl"], command, keyring, _SEARCHABLE)


def close_other_fds(keep: set[int]) -> None:
    """Close every descriptor that is not in *keep* (close_range(2))."""
    start = 0
    for fd in sorted(keep):
        if start < fd:
            _close_range(libc.CLOSE_RANGE, start, fd - 1, 0)
        start = fd + 1
    if _close_range(libc.CLOSE_RANGE, start, _MAX_FD, 0):
        raise libc.fail()


def packet_pair() -> tuple[int, int]:
    """Two connected SOCK_SEQPACKET sockets, close-on-exec; cheaper in memory than objects."""
    pair = (ctypes.c_int * 2)()
    if _socketpair(_AF_UNIX, _SEQPACKET | os.O_CLOEXEC, 0, pair):
        raise libc.fail()
    return pair[0], pair[1]
