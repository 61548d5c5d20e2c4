"""Starts the daemon where none listens on the default socket, and waits until it is ready."""

from __future__ import annotations

import _socket
import fcntl
import os
import sys

from boxship.base.errors import Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boxship.client.endpoint import Endpoint

# What a daemon may take from the shell that happened to start it.
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "XDG_RUNTIME_DIR")
_KEPT_PREFIXES = ("BOXSHIP_", "XDG_", "LC_")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")
TAIL_LINES = 8


def ensure_daemon(endpoint: Endpoint) -> None:
    """Return once a daemon listens; :class:`Unavailable` says why the daemon did not come up.

    ``BOXSHIP_AUTOSTART=0`` turns the start off, and only root can start a daemon: the caller's
    own connection attempt then reports why there is none.
    """
    if _listens(endpoint.path) or os.environ.get("BOXSHIP_AUTOSTART") == "0":
        return
    if os.geteuid() != 0:
        return
    directory = os.path.dirname(endpoint.path)
    try:
        os.makedirs(directory, mode=0o755, exist_ok=True)
        lock = os.open(f"{directory}/start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable(f"cannot start the daemon: {directory}: {error.strerror}") from error
    try:
        # Of several clients that find no daemon, one starts it and the others wait here.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _listens(endpoint.path):
            _start(endpoint)
    finally:
        os.close(lock)


def _listens(path: str) -> bool:
    probe = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
    try:
        probe.connect(path)
    except PermissionError:
        return True
    except OSError:
        return False
    finally:
        probe.close()
    return True


def _start(endpoint: Endpoint) -> None:
    command = [sys.executable, "-P", "-m", "boxship.daemon", "-H", endpoint.text]
    try:
        launch(command, _environment())
    except Unavailable:
        if not _listens(endpoint.path):
            raise


def launch(command: list[str], environment: dict[str, str], log: str = "") -> None:
    """Start the daemon by *command* and return when it listens; its messages go to *log*.

    :class:`Unavailable` has the last of its messages if it ends before.
    """
    log = log or _log_path()
    offset = os.path.getsize(log) if os.path.exists(log) else 0
    reader, writer = os.pipe()
    try:
        child = _spawn(command, environment, log, writer)
    finally:
        os.close(writer)
    with open(reader, "rb") as ready:
        # A daemon that dies closes the pipe without having written.
        is_ready = bool(ready.read(1))
    if not is_ready:
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        raise Unavailable(f"the daemon did not start (exit code {code})\n{_tail(log, offset)}")


def _spawn(command: list[str], environment: dict[str, str], log: str, ready: int) -> int:
    os.set_inheritable(ready, True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions: list[tuple[int, int, str, int, int] | tuple[int, int, int]] = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, flags, 0o640),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    words = [*command, "--ready-fd", str(ready)]
    # A command line of another process may begin with a name without its directory.
    spawn: Callable[..., int] = os.posix_spawnp
    return spawn(words[0], words, environment, file_actions=actions, setsid=True, setsigmask=())


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES) or name.lower() in _PROXIES
    }


def _log_path() -> str:
    """The first place that we may write: the system's, the user's, the temporary one."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    system = ["/var/log/boxship"] if os.geteuid() == 0 else []
    temporary = f"{os.environ.get('TMPDIR') or '/tmp'}/boxship-{os.getuid()}"
    for directory in (*system, f"{state}/boxship", temporary):
        try:
            os.makedirs(directory, mode=0o700, exist_ok=True)
        except OSError:
            continue
        if os.access(directory, os.W_OK) and os.stat(directory).st_uid == os.geteuid():
            return f"{directory}/daemon.log"
    raise Unavailable("cannot start the daemon: no directory for its log can be written")


def _tail(log: str, offset: int) -> str:
    """The last lines that this start wrote, and where the rest is."""
    with open(log, encoding="utf-8", errors="replace") as file:
        file.seek(offset)
        lines = file.read().splitlines()[-TAIL_LINES:]
    shown = "".join(f"  {line}\n" for line in lines)
    return f"{shown}the daemon's log is {log}"
