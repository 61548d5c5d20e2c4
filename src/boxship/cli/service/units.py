"""The unit files: a socket that starts the daemon, and the daemon."""

from __future__ import annotations

DIRECTORY = "/etc/systemd/system"
SOCKET_PATH = "/run/boxship/boxship.sock"

_SERVICE = """\
[Unit]
Description=Boxship container engine
Wants=network-online.target
After=network-online.target boxship.socket
Requires=boxship.socket
StartLimitIntervalSec=60
StartLimitBurst=3

[Service]
Type=notify
ExecStart={command} {words}
ExecReload=/bin/kill -s HUP $MAINPID
Restart=on-failure
RestartSec=1
TimeoutStartSec=0
OOMScoreAdjust=-500
LimitNOFILE=infinity
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
# Control groups below ours are containers': systemd leaves them alone.
Delegate=yes
# Containers stay up while the daemon is stopped or replaced.
KillMode=process

[Install]
WantedBy=multi-user.target
"""

_SOCKET = """\
[Unit]
Description=Boxship API socket

[Socket]
ListenStream={path}
SocketMode=0660
SocketUser=root
SocketGroup={group}

[Install]
WantedBy=sockets.target
"""


def unit_files(interpreter: str, group: str, *flags: str) -> dict[str, str]:
    """Name to text. *group* may use the socket; it has to exist, or systemd refuses the unit.

    *flags* are the daemon's.
    """
    command = f"{_quoted(interpreter)} -P -m boxship.daemon"
    words = " ".join(["-H fd://", *flags])
    return {
        "boxship.service": _SERVICE.format(command=command, words=words),
        "boxship.socket": _SOCKET.format(path=SOCKET_PATH, group=group),
    }


def _quoted(path: str) -> str:
    """A word of ExecStart= (systemd.service(5), "Command lines")."""
    path = path.replace("%", "%%").replace("$", "$$")
    if any(character in path for character in " \t\"'\\;"):
        path = path.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{path}"'
    return path
