"""Daemons behind ``ssh://``: the system's ssh runs a program there that passes bytes on.

Imported only when an address uses it.
"""

from __future__ import annotations

import _socket
import os
import shlex

from boxship.client.connection import Connection
from boxship.client.errors import CannotConnect, ConnectionLost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boxship.client.endpoint import Endpoint

# Whichever of the two is there; neither has to be told where its own daemon is.
_REMOTE = (
    "if command -v boxship >/dev/null 2>&1; then exec boxship {host}system dial-stdio; "
    "else exec docker {host}system dial-stdio; fi"
)
NOT_FOUND = 127


def command(endpoint: Endpoint) -> list[str]:
    """The words of the ssh command. A path in the address names the socket over there."""
    words = ["ssh", "-o", "ConnectTimeout=30", "-T"]
    if endpoint.user:
        words += ["-l", endpoint.user]
    if endpoint.port:
        words += ["-p", str(endpoint.port)]
    host = f"--host {shlex.quote(f'unix://{endpoint.path}')} " if endpoint.path else ""
    # The login shell over there need not be a POSIX one.
    return [*words, "--", endpoint.host, f"sh -c {shlex.quote(_REMOTE.format(host=host))}"]


def connect(endpoint: Endpoint) -> SshConnection:
    """A connection whose far end is ssh's standard input and output."""
    words = command(endpoint)
    ours, theirs = _socket.socketpair()
    try:
        child = _spawn(words, theirs.fileno())
    except OSError as error:
        ours.close()
        raise CannotConnect(
            f"cannot connect to {endpoint.text}: {words[0]}: {error.strerror}"
        ) from error
    finally:
        theirs.close()
    return SshConnection(ours, child, endpoint)


def _spawn(words: list[str], descriptor: int) -> int:
    spawn: Callable[..., int] = os.posix_spawnp
    actions = [(os.POSIX_SPAWN_DUP2, descriptor, 0), (os.POSIX_SPAWN_DUP2, descriptor, 1)]
    # In a session of its own: Ctrl-C is meant for the container, not for the way to it.
    return spawn(words[0], words, os.environ, file_actions=actions, setsid=True)


class SshConnection(Connection):
    """Owns the socket and the ssh process, which ends when the socket closes."""

    __slots__ = ("_answered", "_child", "_endpoint")

    def __init__(self, sock: _socket.socket, child: int, endpoint: Endpoint) -> None:
        super().__init__(sock)
        self._child = child
        self._endpoint = endpoint
        self._answered = False

    def fill(self) -> bool:
        try:
            more = super().fill()
        except ConnectionLost:
            # An ssh that ends before it has read our request resets the connection.
            if self._answered:
                raise
            more = False
        if not (more or self._answered):
            raise CannotConnect(self._silence())
        self._answered = True
        return more

    def _silence(self) -> str:
        """Why nothing came. What ssh itself said stands on standard error already."""
        code = self._reap(wait=True)
        text = f"cannot connect to {self._endpoint.text}: ssh ended with exit code {code}. "
        where = self._endpoint.host
        if code == NOT_FOUND:
            return text + f"Is boxship (or docker) installed on {where}, in its PATH?"
        return text + f"Try: ssh {where} boxship version"

    def close(self) -> None:
        super().close()
        self._reap(wait=False)

    def _reap(self, wait: bool) -> int:
        if not self._child:
            return 0
        try:
            found, status = os.waitpid(self._child, 0 if wait else os.WNOHANG)
        except ChildProcessError:
            found, status = self._child, 0
        if found:
            self._child = 0
        return os.waitstatus_to_exitcode(status)
