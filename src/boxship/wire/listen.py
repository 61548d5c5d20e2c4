"""Listening sockets: unix, TCP, and those that a service manager hands over."""

import errno
import grp
import os
import re
import socket
import stat

from boxship.base.errors import Conflict, InvalidParameter

_BACKLOG = 512
_SYSTEMD_FIRST = 3
_TCP = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<four>[^:/\[\]]*))(?::(?P<port>\d{1,5}))?/?\Z")


def listen(url: str, *, group: str = "docker", default_port: int = 2375) -> list[socket.socket]:
    """Sockets for ``unix:///path``, ``tcp://host:port`` or ``fd://``, which the caller closes.

    :class:`InvalidParameter` for a malformed URL, :class:`Conflict` when it is taken.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "unix" if url.startswith("/") else "tcp", url
    if scheme == "unix":
        return [listen_unix(rest, group)]
    if scheme == "tcp":
        return listen_tcp(rest, default_port)
    if scheme == "fd":
        return inherited(rest)
    raise InvalidParameter(f"invalid protocol in host {url!r}: use unix://, tcp:// or fd://")


def listen_unix(path: str, group: str) -> socket.socket:
    """A socket at *path*, mode 0660, owned by *group* if there is one of that name.

    A file that a dead engine left is replaced; a live one is :class:`Conflict`.
    """
    if not path.startswith("/"):
        raise InvalidParameter(f"invalid socket path {path!r}: it must be absolute")
    _remove_stale(path)
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    umask = os.umask(0o117)
    try:
        sock.bind(path)
    except OSError as error:
        sock.close()
        raise Conflict(f"cannot listen on unix://{path}: {os.strerror(error.errno or 0)}") from None
    finally:
        os.umask(umask)
    owner = _group_id(group)
    if owner is not None:
        try:
            os.chown(path, -1, owner)
        except PermissionError:
            pass  # an unprivileged engine serves its own user only
    sock.listen(_BACKLOG)
    return sock


def _remove_stale(path: str) -> None:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise Conflict(f"cannot listen on unix://{path}: a file that is no socket is there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
        except OSError as error:  # a full backlog, no permission: somebody lives there
            raise Conflict(f"cannot listen on unix://{path}: {error}") from None
        else:
            raise Conflict(f"cannot listen on unix://{path}: another engine is listening there")


def _group_id(name: str) -> int | None:
    if name.isdigit():
        return int(name)
    try:
        return grp.getgrnam(name).gr_gid if name else None
    except KeyError:
        return None


def listen_tcp(address: str, default_port: int) -> list[socket.socket]:
    """One socket per address that the host's name has."""
    match = _TCP.match(address)
    if match is None:
        raise InvalidParameter(f"invalid bind address tcp://{address}: use host:port")
    host = match["six"] or match["four"] or "127.0.0.1"
    port = int(match["port"] or default_port)
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, where in dict.fromkeys(found):
            sockets.append(_bound_tcp(family, where))
    except (OSError, OverflowError) as error:
        for sock in sockets:
            sock.close()
        reason = os.strerror(errno.EADDRINUSE) if _in_use(error) else error
        raise Conflict(f"cannot listen on tcp://{address}: {reason}") from None
    return sockets


def _in_use(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EADDRINUSE


def _bound_tcp(family: int, where: "tuple[object, ...]") -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(where)
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def passed() -> range:
    """The descriptors of sockets that the service manager gave to this process and keeps."""
    count = 0
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        text = os.environ.get("LISTEN_FDS", "0")
        count = int(text) if text.isdigit() else 0
    return range(_SYSTEMD_FIRST, _SYSTEMD_FIRST + count)


def inherited(which: str) -> list[socket.socket]:
    """Sockets passed by the service manager (sd_listen_fds(3)): all, or number *which*."""
    numbers = list(passed())
    if which not in ("", "*"):
        wanted = int(which) if which.isdigit() else -1
        numbers = [number for number in numbers if number == wanted]
    if not numbers:
        raise InvalidParameter(
            "no sockets found via socket activation: make sure the service was started by systemd"
        )
    sockets = []
    for number in numbers:
        os.set_inheritable(number, False)
        sockets.append(socket.socket(fileno=number))
    return sockets
