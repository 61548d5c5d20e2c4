"""The daemon as a process of this machine: which one it is, where its files are, how it ends."""

from __future__ import annotations

import os
import select
import signal
import struct

from boxship.cli.errors import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = "boxship.daemon"
PATIENCE = 30.0
# The flag, its name in the configuration file, and the default.
PLACES = (
    ("--data-root", "data-root", "/var/lib/boxship"),
    ("--exec-root", "exec-root", "/run/boxship"),
    ("--pidfile", "pidfile", ""),
    ("--cgroup-parent", "cgroup-parent", "/boxship"),
)
CONFIG_FILE = "/etc/boxship/daemon.json"


class Places:
    """Where a daemon keeps things. ``cgroup_parent`` is below each cgroup hierarchy's top."""

    __slots__ = ("cgroup_parent", "data_root", "exec_root", "pidfile")

    def __init__(self, words: list[str], settings: dict[str, str]) -> None:
        values = [_flag(words, flag) or settings.get(name) or plain for flag, name, plain in PLACES]
        self.data_root, self.exec_root, self.pidfile, self.cgroup_parent = values
        self.pidfile = self.pidfile or f"{self.exec_root}/boxship.pid"


def _flag(words: list[str], name: str) -> str:
    for position, word in enumerate(words):
        if word == name and position + 1 < len(words):
            return words[position + 1]
        if word.startswith(name + "="):
            return word.partition("=")[2]
    return ""


def find(socket_path: str) -> int:
    """The process id of the daemon that listens at *socket_path*; 0 where there is none."""
    for pid in _candidates(socket_path):
        if MODULE in command_line(pid):
            return pid
    return 0


def _candidates(socket_path: str) -> Iterator[int]:
    """A service manager may have made the socket: then the peer is not the daemon."""
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(socket_path)
            credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            yield struct.unpack("3i", credentials)[0]
        except OSError:
            pass
    yield from (int(name) for name in os.listdir("/proc") if _serves(name, socket_path))


def _serves(name: str, socket_path: str) -> bool:
    words = command_line(int(name)) if name.isdigit() else []
    return MODULE in words and any(word in (f"unix://{socket_path}", "fd://") for word in words)


def command_line(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().decode("utf-8", "surrogateescape").split("\0")[:-1]
    except OSError:
        return []


def places_of(pid: int) -> Places:
    """From the daemon's own command line and configuration file."""
    words = command_line(pid)
    return Places(words, _settings(_flag(words, "--config-file") or CONFIG_FILE))


def _settings(path: str) -> dict[str, str]:
    import json

    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def stop(pid: int, patience: float = PATIENCE) -> None:
    """Send SIGTERM and wait *patience* seconds for the end; :class:`Failed` after that."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(patience * 1000):
            raise Failed(f"the daemon (process {pid}) does not stop: end it, then try again")
    finally:
        os.close(descriptor)
