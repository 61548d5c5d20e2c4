"""A shim whose container has left nothing waits for the next one; what it waits with is nothing."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.engines import Engine
from support.plain_http import Client
from support.waiting import eventually

_READY = "boxship-ready"
# Nothing for the standard streams, what it waits with, and the ways from and to the spawner and
# from its first process.
_OPEN = [*["/dev/null"] * 3, "anon_inode:", *["pipe:"] * 2, *["socket:"] * 3]


def _start(client: Client, *command: str, **config: object) -> tuple[str, int]:
    """A container that runs: its id, and its shim's pid."""
    body = {"Image": "busybox", "Cmd": [*command], "HostConfig": {"NetworkMode": "none"}}
    made = client.call("POST", "/containers/create", body | config)["Id"]
    client.call("POST", f"/containers/{made}/start")
    first: int = client.call("GET", f"/containers/{made}/json")["State"]["Pid"]
    return made, _parent(first)


def _end(client: Client, container: str) -> None:
    client.call("POST", f"/containers/{container}/kill")
    client.call("DELETE", f"/containers/{container}?force=1")


def _parent(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("PPid"))


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _open(pid: int) -> list[str]:
    """What a process has open, by kind."""
    found = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
    return sorted(each.partition("[")[0] for each in found)


def _shims(engine: Engine) -> list[int]:
    """Shims that wait, or wait to be asked to: children of the template."""
    spawner = next(pid for pid in _children(engine.pid) if _name(pid) == "boxship-spawner")
    templates = [pid for pid in _children(spawner) if _name(pid) == "boxship-templat"]
    return [pid for each in templates for pid in _children(each) if _name(pid) == _READY]


def _waiting(engine: Engine) -> int:
    """The shim that is ready, with its first process."""
    eventually(lambda: any(map(_children, _shims(engine))))
    (found,) = [pid for pid in _shims(engine) if _children(pid)]
    return found


def _children(pid: int) -> set[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for path in found for child in path.read_text().split()}


def test_it_serves_again_with_nothing_of_the_one_before(mortal: Engine) -> None:
    with Client(mortal.socket) as client:
        served = []
        for _ in range(7):
            container, shim = _start(client, "sleep", "1000")
            served.append(shim)
            _end(client, container)
            eventually(lambda shim=shim: _name(shim) in ("", _READY))
        # The first has no time to wait, since nobody knew that it would come.
        again = served[1:]
        assert len({*again}) < len(again)
        container, shim = _start(client, "sleep", "1000")
        fresh = _waiting(mortal)
        others = [pid for pid in _shims(mortal) if not _children(pid)]
        _end(client, container)
        assert {_name(pid) for pid in _children(fresh)} == {_READY}
        assert all(len(_open(pid)) < len(_open(fresh)) for pid in others)


def test_what_a_container_had_is_not_open_any_more(mortal: Engine) -> None:
    with Client(mortal.socket) as client:
        for _ in range(6):
            container, _ = _start(client, "sleep", "1000")
            eventually(lambda: _open(_waiting(mortal)) == _OPEN)
            _end(client, container)


def test_who_executed_more_ends(mortal: Engine) -> None:
    with Client(mortal.socket) as client:
        _end(client, _start(client, "sleep", "1000")[0])
        container, shim = _start(client, "sleep", "1000")
        assert mortal.docker("exec", container, "echo", "inside").stdout == "inside\n"
        _end(client, container)
        eventually(lambda: not _name(shim))


def test_who_had_a_client_ends(mortal: Engine) -> None:
    with Client(mortal.socket) as client:
        _end(client, _start(client, "sleep", "1000")[0])
    waits = _waiting(mortal)
    assert mortal.docker("run", "--rm", "busybox", "echo", "told").stdout == "told\n"
    eventually(lambda: not _name(waits))


def test_one_that_is_killed_while_it_waits_is_not_missed(mortal: Engine) -> None:
    with Client(mortal.socket) as client:
        for _ in range(3):
            for shim in _shims(mortal):
                os.kill(shim, signal.SIGKILL)
                eventually(lambda shim=shim: not _name(shim))
            for _ in range(3):
                _end(client, _start(client, "sleep", "1000")[0])


def test_few_wait_after_many_have_served(mortal: Engine) -> None:
    def one(_: int) -> tuple[str, int]:
        with Client(mortal.socket) as client:
            return _start(client, "sleep", "1000")

    with ThreadPoolExecutor(8) as pool:
        running = [*pool.map(one, range(24))]
    shims = {shim for _, shim in running}
    with Client(mortal.socket) as client:
        for container, _ in running:
            _end(client, container)
    eventually(lambda: all(_name(shim) in ("", _READY) for shim in shims))
    eventually(lambda: len(_shims(mortal)) <= 12)
