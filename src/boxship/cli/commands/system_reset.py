"""``boxship system reset``: leaves nothing of ours behind."""

from __future__ import annotations

import os

from boxship.base.errors import BoxshipError, NotFound
from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import switch
from boxship.cli.prompts import confirm
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.reset.daemon_process import Places

LOGS = "/var/log/boxship"


def _run(app: App, arguments: Arguments) -> int:
    from boxship.cli.reset import daemon_process

    endpoint = app.client.endpoint
    if endpoint.scheme != "unix":
        raise Failed(f"{endpoint.text} may be another machine: run this command there")
    if os.geteuid() != 0:
        raise Failed("only root can remove what the daemon made: run it with sudo")
    pid = daemon_process.find(endpoint.path)
    if not pid:
        raise Failed(f"what listens at {endpoint.text} is no Boxship daemon of this machine")
    places = daemon_process.places_of(pid)
    if not arguments.on("force") and not confirm(app, _warning(places)):
        return 0
    _remove_containers(app)
    daemon_process.stop(pid)
    return _sweep(app, places, endpoint.path)


def _warning(places: Places) -> str:
    return (
        "WARNING! This stops the daemon and removes all containers, images, volumes and networks:\n"
        f"  - {places.data_root}\n"
        f"  - {places.exec_root}\n"
        f"  - control groups below {places.cgroup_parent}\n"
        "Nothing of it can be brought back.\n"
    )


def _remove_containers(app: App) -> None:
    """While the daemon still knows how: their processes and mounts end with them."""
    for item in app.client.json("GET", "/containers/json", {"all": True}) or []:
        try:
            query = {"force": True, "v": True}
            app.client.call("DELETE", paths.container(item["Id"]), query).read()
        except NotFound:
            continue
        except BoxshipError as error:
            raise Failed(f"cannot remove container {item['Id'][:12]}: {error}") from None


def _sweep(app: App, places: Places, socket_path: str) -> int:
    from boxship.cli.reset import leftovers

    for path in (places.pidfile, socket_path):
        if os.path.lexists(path):
            os.unlink(path)
    stays = leftovers.remove_data(places.data_root)
    stays += leftovers.remove_run(places.exec_root)
    stays += leftovers.remove_cgroups(places.cgroup_parent)
    if places.data_root == "/var/lib/boxship":
        stays += leftovers.remove_logs(LOGS)
    for path in stays:
        app.warn(f"left alone: {path}")
    app.print("Everything is removed." if not stays else "Everything of Boxship's is removed.")
    return 0


COMMAND = Command(
    _run,
    "[OPTIONS]",
    (switch("force", "Do not ask", "f"),),
    notes="Installed service files are removed by: boxship system install-service --remove",
)
