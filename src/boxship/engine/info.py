"""The engine's own part of ``GET /info``."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from boxship.engine.host import Host, host
from boxship.engine.networks.reach import firewall_info
from boxship.engine.sharing.settings_info import settings_info

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


def _security(here: Host, remaps_users: bool) -> list[str]:
    options = ["name=apparmor"] if here.apparmor else []
    options += ["name=seccomp,profile=builtin"] if here.seccomp else []
    options += ["name=userns"] if remaps_users else []
    return options + (["name=cgroupns"] if here.cgroup_version == 2 else [])


def _warnings(engine: "Engine") -> list[str]:
    flaw = engine.networks.fabric.flaw
    return [*engine.options.warnings, *([flaw] if flaw else [])]


def system_info(engine: "Engine") -> dict[str, Any]:
    states = Counter(live.container.state.status for live in engine.containers)
    options = engine.options
    return {
        **settings_info(engine.sharing.settings),
        "ID": engine.daemon_id,
        "Containers": len(engine.containers),
        "ContainersRunning": states["running"],
        "ContainersPaused": states["paused"],
        "ContainersStopped": len(engine.containers) - states["running"] - states["paused"],
        "Images": engine.images.count,
        "Driver": engine.images.driver,
        "DockerRootDir": str(options.data_root),
        "LoggingDriver": options.log_driver,
        "Labels": options.labels,
        "SecurityOptions": _security(host(), options.users is not None),
        "LiveRestoreEnabled": options.live_restore,
        "Firewall": firewall_info(engine),
        "Warnings": _warnings(engine) or None,
    }
