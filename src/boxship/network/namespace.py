"""Network namespaces that are made and entered by threads of the daemon.

setns(2) and unshare(2) change the calling thread alone, and a socket stays in the namespace in
which it was made: a short-lived thread makes both, any other uses them.
"""

import os
import threading
from collections.abc import Callable
from typing import TypeVar

from boxship.kernel import process, rtnetlink
from boxship.kernel.netlink import Netlink

T = TypeVar("T")
_OWN = "/proc/thread-self/ns/net"


def _in_thread(work: Callable[[], T]) -> T:
    """The result of *work* in a thread that ends with it; what it raises is raised here."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="netns")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


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
        """*work* in a thread that is inside."""

        def enter() -> T:
            process.setns(self.fd, process.CLONE_NEWNET)
            return work()

        return _in_thread(enter)

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

    def work() -> Namespace:
        process.unshare(process.CLONE_NEWNET)
        made = _describe()
        made.channel.require([rtnetlink.set_up(1)])
        return made

    return _in_thread(work)


def adopt(fd: int, user: int) -> Namespace:
    """A new one that another process has made in the user namespace *user*, with loopback up.

    Both descriptors are owned by the result, and closed on an error.
    """

    def work() -> Netlink:
        process.setns(fd, process.CLONE_NEWNET)
        channel = rtnetlink.open_socket()
        channel.require([rtnetlink.set_up(1)])
        return channel

    try:
        return Namespace(fd, _in_thread(work), user)
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

    def work() -> Netlink:
        process.setns(fd, process.CLONE_NEWNET)
        return rtnetlink.open_socket()

    try:
        return Namespace(fd, _in_thread(work))
    except BaseException:
        os.close(fd)
        raise
