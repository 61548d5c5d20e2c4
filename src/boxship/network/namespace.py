"""Network namespaces that are made and entered by threads of the daemon.

setns(2) and unshare(2) change the calling thread alone, and a socket stays in the namespace in
which it was made: a thread that goes there for a moment makes it, any other uses it.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TypeVar

from boxship.kernel import process, rtnetlink
from boxship.kernel.netlink import Netlink

T = TypeVar("T")
_OWN = "/proc/thread-self/ns/net"


@contextlib.contextmanager
def _away(fd: int = -1) -> Iterator[None]:
    """This thread is in the namespace *fd*, or in a new one; then again where it was."""
    home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if fd < 0:
            process.unshare(process.CLONE_NEWNET)
        else:
            process.setns(fd, process.CLONE_NEWNET)
        try:
            yield
        finally:
            process.setns(home, process.CLONE_NEWNET)
    finally:
        os.close(home)


class Namespace:
    """Owns a descriptor of the namespace and an rtnetlink socket in it.

    *user* is one of the user namespace that it belongs to, if that is not the host's.
    """

    def __init__(self, fd: int, channel: Netlink, user: int = -1) -> None:
        self.fd = fd
        self.channel = channel
        self.user = user

    @property
    def path(self) -> str:
        """For another process of the host to open, while this object is not closed."""
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    @property
    def user_path(self) -> str:
        """The same of its user namespace; empty for the host's."""
        return f"/proc/{os.getpid()}/fd/{self.user}" if self.user >= 0 else ""

    def run(self, work: Callable[[], T]) -> T:
        """*work*, inside. It must not pass control to others of this thread."""
        with _away(self.fd):
            return work()

    def close(self) -> None:
        """Let go of it; it ends with its last process or descriptor."""
        if self.fd >= 0:
            self.channel.close()
            os.close(self.fd)
            self.fd = -1
            if self.user >= 0:
                os.close(self.user)


def _describe() -> Namespace:
    channel = rtnetlink.open_socket()
    return Namespace(os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC), channel)


def make() -> Namespace:
    """A new namespace, with loopback up. The caller closes it."""
    with _away():
        made = _describe()
    made.channel.require([rtnetlink.set_up(1)])
    return made


def adopt(fd: int, user: int) -> Namespace:
    """A new one that another process has made in the user namespace *user*, with loopback up.

    Both descriptors are owned by the result, and closed on an error.
    """
    try:
        with _away(fd):
            channel = rtnetlink.open_socket()
        channel.require([rtnetlink.set_up(1)])
        return Namespace(fd, channel, user)
    except BaseException:
        os.close(fd)
        os.close(user)
        raise


def of_process(pid: int) -> Namespace:
    """The one that the process *pid* is in. :class:`OSError` when it is gone."""
    return of_directory(f"/proc/{pid}")


def of_directory(process_directory: str) -> Namespace:
    """The same by the process's directory in /proc."""
    fd = os.open(f"{process_directory}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        with _away(fd):
            return Namespace(fd, rtnetlink.open_socket())
    except BaseException:
        os.close(fd)
        raise
