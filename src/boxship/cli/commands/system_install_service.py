"""``boxship system install-service``: Boxship as a service of systemd."""

from __future__ import annotations

import os
import sys

from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments

RUNNING = "/run/systemd/system"
DOCKER_GROUP = "docker"
DOCKER_SOCKET = "/var/run/docker.sock"


def _run(app: App, arguments: Arguments) -> int:
    from boxship.cli.service.units import DIRECTORY, unit_files

    root = arguments.text("root").rstrip("/")
    flags = ["--docker-socket"] if arguments.on("docker-socket") else []
    units = unit_files(sys.executable, _group(root), *flags)
    if arguments.on("print"):
        app.print(
            "\n".join(f"# {DIRECTORY}/{name}\n{text}" for name, text in units.items()), end=""
        )
        return 0
    directory = f"{root}{DIRECTORY}"
    # Units for another root are not this systemd's.
    live = not root and os.path.isdir(RUNNING)
    if flags and not root and not arguments.on("remove"):
        _refuse_other_engine()
    try:
        if arguments.on("remove"):
            return _remove(app, directory, units, live)
        return _install(app, directory, units, live)
    except PermissionError as error:
        raise Failed(f"{error.filename}: permission denied: run it as root") from None


def _refuse_other_engine() -> None:
    """Raise if another engine serves Docker's socket; a Boxship there is about to be replaced."""
    from boxship.base.errors import BoxshipError
    from boxship.client.client import Client
    from boxship.client.endpoint import parse_endpoint

    try:
        server = Client(parse_endpoint(f"unix://{DOCKER_SOCKET}")).server
    except BoxshipError:
        return
    if not server.startswith("Boxship/"):
        raise Failed(f"another engine listens at {DOCKER_SOCKET}: stop it first")


def _group(root: str) -> str:
    try:
        with open(f"{root}/etc/group", encoding="utf-8", errors="replace") as file:
            names = {line.partition(":")[0] for line in file}
    except OSError:
        names = set()
    return DOCKER_GROUP if DOCKER_GROUP in names else "root"


def _install(app: App, directory: str, units: dict[str, str], live: bool) -> int:
    os.makedirs(directory, exist_ok=True)
    for name, text in units.items():
        with open(f"{directory}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
        app.print(f"wrote {directory}/{name}")
    if not live:
        app.print("To start it: systemctl daemon-reload && systemctl enable --now boxship.socket")
        return 0
    _systemctl("daemon-reload")
    _systemctl("enable", "--now", "boxship.socket", "boxship.service")
    app.print("boxship.socket is enabled and listens.")
    return 0


def _remove(app: App, directory: str, units: dict[str, str], live: bool) -> int:
    present = [name for name in units if os.path.exists(f"{directory}/{name}")]
    if live and present:
        _systemctl("disable", "--now", *present)
    for name in present:
        os.unlink(f"{directory}/{name}")
        app.print(f"removed {directory}/{name}")
    if live and present:
        _systemctl("daemon-reload")
    return 0


def _systemctl(*words: str) -> None:
    import subprocess

    try:
        done = subprocess.run(["systemctl", *words], capture_output=True, text=True)
    except OSError as error:
        raise Failed(f"systemctl: {error.strerror}") from None
    if done.returncode:
        raise Failed(f"systemctl {' '.join(words)}: {done.stderr.strip()}")


COMMAND = Command(
    _run,
    "[OPTIONS]",
    (
        switch("docker-socket", "Listen at /var/run/docker.sock too, where other programs look"),
        switch("print", "Print the unit files and change nothing"),
        switch("remove", "Stop the service and remove its files; containers keep running"),
        Flag("root", "Write below this directory, and start nothing", default=""),
    ),
    notes="Writes boxship.service and boxship.socket, enables them and starts listening.",
)
