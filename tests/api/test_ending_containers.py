"""Requests that meet a container at the moment of its end: it runs, or it has ended; no third."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.test_archive import pack, unpack
from support import engines, inside, leaks
from support.api import Answer, Api
from support.waiting import eventually

_BOXES = 6
_ROUNDS = 4
PROGRAM = ["sh", "-c", "read line"]


class _Ending:
    """Containers that end when told to, and callers that go on until they have."""

    def __init__(self, api: Api, **host: object) -> None:
        self.api = api
        config = {"OpenStdin": True, "StdinOnce": True, "Cmd": PROGRAM}
        self.names = [f"ending{number}" for number in range(_BOXES)]
        for name in self.names:
            api.run(name, dict(host), **config)

    def hammer(self, call: Callable[[str], Answer]) -> set[int]:
        """The statuses of *call* on each container, before, while and after it is killed."""
        with ThreadPoolExecutor(2 * _BOXES) as pool:
            found = [pool.submit(self._around_the_end, name, call) for name in self.names]
            return {status for each in found for status in each.result()}

    def _around_the_end(self, name: str, call: Callable[[str], Answer]) -> set[int]:
        over = threading.Event()

        def end() -> None:
            self.api("POST", f"/containers/{name}/kill")
            over.set()

        statuses = {call(name).status}
        killer = threading.Thread(target=end)
        killer.start()
        while not over.is_set():
            statuses.add(call(name).status)
        killer.join()
        return statuses | {call(name).status for _ in range(_ROUNDS)}


def _calls(api: Api) -> dict[str, tuple[Callable[[str], Answer], set[int]]]:
    """A call by name, and the statuses that it may have for a container that stays when it ends."""
    archive, body = "/containers/{}/archive", pack(a=b"x")

    def run_session(name: str) -> Answer:
        made = api("POST", f"/containers/{name}/exec", {"Cmd": ["true"], "AttachStdout": True})
        if made.status != 201:
            return made
        return api("POST", f"/exec/{made.json['Id']}/start", {"Detach": False})

    return {
        "get": (lambda name: api("GET", archive.format(name), path="/etc/."), {200}),
        "head": (lambda name: api("HEAD", archive.format(name), path="/etc"), {200}),
        "put": (lambda name: api("PUT", archive.format(name), body, path="/tmp"), {200}),
        "export": (lambda name: api("GET", f"/containers/{name}/export"), {200}),
        "changes": (lambda name: api("GET", f"/containers/{name}/changes"), {200}),
        "top": (lambda name: api("GET", f"/containers/{name}/top"), {200, 409}),
        "pause": (lambda name: api("POST", f"/containers/{name}/pause"), {204, 409}),
        "unpause": (lambda name: api("POST", f"/containers/{name}/unpause"), {204, 409}),
        "update": (
            lambda name: api("POST", f"/containers/{name}/update", {"CpuShares": 512}),
            {200},
        ),
        "kill": (
            lambda name: api("POST", f"/containers/{name}/kill", signal="WINCH"),
            {204, 409},
        ),
        "exec": (run_session, {200, 409}),
    }


@pytest.mark.parametrize("call", ["get", "head", "put", "export", "changes", "top"])
@pytest.mark.parametrize("removed", [False, True])
def test_files_are_there_until_the_container_is_removed(api: Api, call: str, removed: bool) -> None:
    ending = _Ending(api, AutoRemove=removed)
    made, allowed = _calls(api)[call]
    assert ending.hammer(made) <= allowed | ({404, 409} if removed else set())


@pytest.mark.parametrize("call", ["pause", "unpause", "update", "kill", "exec"])
def test_who_changes_a_container_that_ends_is_told(api: Api, call: str) -> None:
    made, allowed = _calls(api)[call]
    assert _Ending(api).hammer(made) <= allowed


def test_volumes_are_seen_until_the_end_and_after(api: Api) -> None:
    """A mount namespace that ends takes its mounts along: never is what they cover shown."""
    ending = _Ending(api, Binds=["ending:/vol"])
    assert api("PUT", "/containers/ending0/archive", pack(a=b"x"), path="/vol").status == 200

    def contents(name: str) -> Answer:
        answer = api("GET", f"/containers/{name}/archive", path="/vol")
        assert "vol/a" in unpack(answer.body)
        return answer

    assert ending.hammer(contents) == {200}


def test_networks_come_and_go_while_it_ends(api: Api) -> None:
    assert api("POST", "/networks/create", {"Name": "ending"}).status == 201
    ending = _Ending(api, NetworkMode="bridge")

    def change(name: str) -> Answer:
        made, gone = (
            api("POST", f"/networks/ending/{verb}", {"Container": name})
            for verb in ("connect", "disconnect")
        )
        return gone if made.status == 200 else made

    try:
        assert ending.hammer(change) == {200}
    finally:
        for name in ending.names:
            api("DELETE", f"/containers/{name}", force=1)
        assert api("DELETE", "/networks/ending").status == 204


def test_who_joins_a_container_that_ends_runs_or_is_told(api: Api) -> None:
    ending = _Ending(api)

    def join(name: str) -> Answer:
        modes = {f"{kind}Mode": f"container:{name}" for kind in ("Network", "Pid")}
        other = api.create("", host=modes, Cmd=["true"])
        answer = api("POST", f"/containers/{other}/start")
        api("DELETE", f"/containers/{other}", force=1)
        return answer

    assert ending.hammer(join) <= {204, 409}


def test_a_session_outlives_the_owner_of_a_shared_namespace(api: Api) -> None:
    api.run("owner")
    api.run("guest", {"NetworkMode": "container:owner"})
    assert api("POST", "/containers/owner/kill").status == 204
    made = api("POST", "/containers/guest/exec", {"Cmd": ["echo", "hi"], "AttachStdout": True})
    answer = api("POST", f"/exec/{made.json['Id']}/start", {"Detach": False})
    assert (answer.status, answer.body[8:]) == (200, b"hi\n")


def test_a_running_container_that_removes_itself_is_exported(api: Api) -> None:
    name = api.run("", {"AutoRemove": True})
    assert api("PUT", f"/containers/{name}/archive", pack(a=b"x"), path="/tmp").status == 200
    answer = api("GET", f"/containers/{name}/export")
    assert (answer.status, unpack(answer.body)["tmp/a"].size) == (200, 1)


def test_sessions_that_meet_a_pause_wait_for_its_end_alone(
    api: Api, boxship_daemon: engines.Engine
) -> None:
    """A session's process is frozen on its way; the container answers all others meanwhile."""
    name = api.run("paused")
    body = {"Cmd": ["true"], "AttachStdout": True}

    def session() -> int:
        made = api("POST", f"/containers/{name}/exec", body)
        if made.status != 201:
            return made.status
        path = f"/exec/{made.json['Id']}"
        status = api("POST", f"{path}/start", {"Detach": False}).status
        return status if status != 200 else int(api("GET", f"{path}/json").json["ExitCode"])

    with ThreadPoolExecutor(8) as pool:
        for _ in range(_ROUNDS):
            sessions = [pool.submit(session) for _ in range(8)]
            assert api("POST", f"/containers/{name}/pause").status == 204
            assert api("HEAD", f"/containers/{name}/archive", path="/etc").status == 200
            assert api("POST", f"/containers/{name}/unpause").status == 204
            assert {each.result() for each in sessions} <= {0, 409}
        sessions = [pool.submit(session) for _ in range(8)]
        assert api("POST", f"/containers/{name}/pause").status == 204
        assert api("DELETE", f"/containers/{name}", force=1).status == 204
        for each in sessions:
            each.result()
    assert leaks.settled(lambda: leaks.cgroups(boxship_daemon.root.name)) == []


def test_nothing_is_held_afterwards(api: Api, boxship_daemon: engines.Engine) -> None:
    def descriptors() -> list[str]:
        names = inside.descriptors(boxship_daemon.pid).values()
        return [name for name in names if name.startswith(("mnt:", "user:", "/proc/"))]

    before = descriptors()
    ending = _Ending(api)
    for call in ("get", "put"):
        ending.hammer(_calls(api)[call][0])
    eventually(lambda: len(descriptors()) <= len(before))
