"""Stopping and restarting the daemon of an endpoint."""

from __future__ import annotations

import os

from boxship.base.errors import BoxshipError
from boxship.cli.errors import Failed
from boxship.cli.reset import daemon_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.connect import Target
    from boxship.client.client import Client

_UNIT = "boxship.service"
_SOCKET_UNIT = "boxship.socket"
# A daemon without live restore gives its containers 15 seconds each, at once, by default.
_PATIENCE_SECONDS = 120.0
_NAMESPACES = ("mnt", "net", "pid")


class Running:
    """A daemon that runs on this machine; *after* says what becomes of its containers."""

    __slots__ = ("after", "pid")

    def __init__(self, pid: int, after: str) -> None:
        self.pid = pid
        self.after = after


def find(target: Target, verb: str) -> Running | None:
    """Return the daemon at *target*, or None if none runs; nothing is started."""
    client = target.client()
    endpoint = client.endpoint
    if endpoint.scheme != "unix":
        raise Failed(f"{endpoint.text} may be another machine: run this command there")
    if os.geteuid() != 0:
        raise Failed(f"only root can {verb} the daemon: run it with sudo")
    pid = daemon_process.find(endpoint.path)
    if pid:
        return Running(pid, _after(client))
    if os.path.exists(endpoint.path) and _answers(client):
        raise Failed(f"what listens at {endpoint.text} is no Boxship daemon of this machine")
    return None


def _answers(client: Client) -> bool:
    try:
        return bool(client.server)
    except BoxshipError:
        return False


def _after(client: Client) -> str:
    try:
        info = client.json("GET", "/info")
    except BoxshipError:
        return ""
    count = info.get("ContainersRunning") or 0
    if not count:
        return ""
    what = "1 container" if count == 1 else f"{count} containers"
    if info.get("LiveRestoreEnabled"):
        return f"; {what} {'keeps' if count == 1 else 'keep'} running"
    return f"; {what} {'has' if count == 1 else 'have'} been stopped"


def stop(daemon: Running) -> None:
    """End *daemon* and wait until its process has ended."""
    if _unit_of(daemon.pid):
        return _systemctl("stop", _SOCKET_UNIT, _UNIT)
    return daemon_process.stop(daemon.pid, _PATIENCE_SECONDS)


def restart(daemon: Running) -> None:
    """End *daemon* and start it again with the same command line; return when it listens.

    A daemon that could not start again, because its configuration file is wrong, keeps running.
    """
    _validate(daemon.pid)
    if _unit_of(daemon.pid):
        return _systemctl("restart", _UNIT)
    from boxship.cli.autostart import launch

    for name in _NAMESPACES:
        if _namespace(str(daemon.pid), name) != _namespace("self", name):
            raise Failed(f"the daemon runs in another {name} namespace: restart it there")
    command = _command(daemon.pid)
    environment = _environment(daemon.pid)
    log = _log(daemon.pid)
    daemon_process.stop(daemon.pid, _PATIENCE_SECONDS)
    return launch(command, environment, log)


def _validate(pid: int) -> None:
    """Raise if the daemon's command line with today's configuration file would not start."""
    import subprocess

    words = [*daemon_process.command_line(pid), "--validate"]
    done = subprocess.run(words, env=_environment(pid), capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"the daemon would not start again and was left alone:\n{done.stderr.strip()}")


def _unit_of(pid: int) -> bool:
    """Return whether systemd runs the process as the unit that install-service writes."""
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
            return any(line.rstrip("\n").endswith(f"/{_UNIT}") for line in file)
    except OSError:
        return False


def _namespace(pid: str, name: str) -> str:
    return os.readlink(f"/proc/{pid}/ns/{name}")


def _command(pid: int) -> list[str]:
    words = daemon_process.command_line(pid)
    if "fd://" in words:
        raise Failed("a service manager gave the daemon its socket: restart it by that manager")
    if "--ready-fd" in words:
        position = words.index("--ready-fd")
        del words[position : position + 2]
    return words


def _environment(pid: int) -> dict[str, str]:
    with open(f"/proc/{pid}/environ", "rb") as file:
        pairs = os.fsdecode(file.read()).split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _log(pid: int) -> str:
    """Return the file that the daemon's messages go to; "" if that is no file."""
    try:
        path = os.readlink(f"/proc/{pid}/fd/2")
    except OSError:
        return ""
    return path if os.path.isfile(path) else ""


def _systemctl(*words: str) -> None:
    import subprocess

    done = subprocess.run(["systemctl", *words], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"systemctl {' '.join(words)}: {done.stderr.strip()}")
