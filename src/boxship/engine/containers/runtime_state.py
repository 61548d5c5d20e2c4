"""What must survive the daemon but not a reboot: the state of running containers, on tmpfs."""

import contextlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from boxship.base.whole_files import replace_file
from boxship.engine.containers.container import Container, State

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_FILE = "state.json"
# What a run leaves; anything else is removed the slow way.
_NAMES = (_FILE, "exit.json", "shim.sock", "network.json")


class Running(msgspec.Struct):
    """*restart_count* belongs to the run, not to the durable record."""

    state: State
    restart_count: int = 0
    manually_stopped: bool = False


def record(engine: "Engine", container: Container) -> None:
    """Write the state beside the shim's socket."""
    directory = engine.supervisor.run_directory(container.id)
    running = Running(container.state, container.restart_count, container.manually_stopped)
    replace_file(f"{directory}/{_FILE}", msgspec.json.encode(running))


def record_stop(engine: "Engine", container: Container) -> None:
    """The user ends it: a daemon that comes before the database knows of the end shall not think
    that it ended by itself. Of one that has no run nothing is written."""
    container.manually_stopped = True
    with contextlib.suppress(FileNotFoundError):
        record(engine, container)


def recorded(engine: "Engine", container_id: str) -> Running | None:
    try:
        raw = Path(engine.supervisor.run_directory(container_id), _FILE).read_bytes()
        return msgspec.json.decode(raw, type=Running)
    except (OSError, msgspec.MsgspecError):
        return None


def forget(engine: "Engine", container_id: str) -> None:
    """Remove the run directory, once the exit is known to the database."""
    directory = engine.supervisor.run_directory(container_id)
    for name in _NAMES:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{directory}/{name}")
    try:
        os.rmdir(directory)
    except FileNotFoundError:
        return
    except OSError:
        shutil.rmtree(directory, ignore_errors=True)
