"""Start, stop, kill, pause, rename, restart, remove: statuses and texts in each state."""

import contextlib
import time
from pathlib import Path

import pytest

from support.api import SLEEP, Api
from support.waiting import eventually

VERBS = {
    "start": (204, 304, 409, 204),
    "stop?t=0": (304, 204, 204, 304),
    "kill": (409, 204, 204, 409),
    "pause": (409, 204, 409, 409),
    "unpause": (409, 409, 204, 409),
    "restart?t=0": (204, 204, 204, 204),
    "rename?name=other": (204, 204, 204, 204),
    "wait": (None, None, None, 200),
    "top": (None, None, None, None),
}


def bring(api: Api, state: str) -> str:
    """A container in *state*."""
    identity = api.create("box")
    if state != "created":
        api.start(identity)
    if state == "paused":
        assert api("POST", "/containers/box/pause").status == 204
    if state == "exited":
        assert api("POST", "/containers/box/kill").status == 204
        api.wait("box")
    return identity


@pytest.mark.parametrize(
    ("column", "state"), [*enumerate(("created", "running", "paused", "exited"))]
)
@pytest.mark.parametrize("verb", VERBS)
def test_verbs_in_states(api: Api, verb: str, column: int, state: str) -> None:
    expected = VERBS[verb][column]
    if expected is None:
        return
    bring(api, state)
    assert api("POST", f"/containers/box/{verb}").status == expected


def test_texts_of_refusals(api: Api) -> None:
    identity = bring(api, "created")
    said = {
        verb: api("POST", f"/containers/box/{verb}").message
        for verb in (
            "kill",
            "kill?signal=99",
            "kill?signal=FOO",
            "pause",
            "unpause",
            "rename?name=",
        )
    }
    assert said == {
        "kill": f"cannot kill container: box: container {identity} is not running",
        "kill?signal=99": "cannot kill container: box: the linux daemon does not support signal 99",
        "kill?signal=FOO": "cannot kill container: box: invalid signal: FOO",
        "pause": f"container {identity} is not running",
        "unpause": f"Container {identity} is not paused",
        "rename?name=": "Neither old nor new names may be empty",
    }


def test_removal_of_what_runs(api: Api) -> None:
    bring(api, "running")
    answer = api("DELETE", "/containers/box")
    assert answer.status == 409
    assert answer.message == (
        'cannot remove container "/box": '
        "container is running: stop the container before removing or force remove"
    )
    api("POST", "/containers/box/pause")
    assert api("DELETE", "/containers/box").message == (
        'cannot remove container "/box": container is paused and must be unpaused first'
    )
    assert api("DELETE", "/containers/box", force=1).status == 204
    assert api("DELETE", "/containers/box").status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "json"), ("POST", "start"), ("POST", "stop"), ("POST", "restart"),
        ("POST", "pause"), ("POST", "unpause"), ("POST", "rename?name=xx"), ("POST", "wait"),
        ("GET", "logs?stdout=1"), ("GET", "top"), ("GET", "stats"), ("GET", "changes"),
        ("GET", "export"), ("POST", "update"), ("POST", "resize?h=1&w=1"), ("POST", "attach"),
        ("GET", "archive?path=/"), ("GET", "attach/ws"),
    ],
)  # fmt: skip
def test_missing_containers(api: Api, method: str, path: str) -> None:
    answer = api(method, f"/containers/nosuch/{path}")
    assert (answer.status, answer.message) == (404, "No such container: nosuch")


def test_prefixes_of_ids(api: Api) -> None:
    identities = [api.create() for _ in range(17)]
    firsts = [identity[0] for identity in identities]
    shared = next(first for first in firsts if firsts.count(first) > 1)
    answer = api("GET", f"/containers/{shared}/json")
    assert answer.status == 400
    assert answer.message == f"multiple IDs found with provided prefix: {shared}"
    assert api.inspect(identities[0][:20])["Id"] == identities[0]


def test_names_may_have_a_slash_and_win_over_prefixes(api: Api) -> None:
    identity = api.create("zebra")
    for reference in ("zebra", "/zebra", "%2Fzebra"):
        assert api.inspect(reference)["Id"] == identity


def test_rename_frees_the_old_name(api: Api) -> None:
    identity = api.create("old-name")
    assert api("POST", "/containers/old-name/rename", name="new-name").status == 204
    assert api("GET", "/containers/old-name/json").status == 404
    assert api.inspect("new-name")["Id"] == identity
    same = api("POST", "/containers/new-name/rename", name="new-name")
    assert same.status == 400
    assert same.message == "Renaming a container with the same name as its current name"
    api.create("taken")
    assert api("POST", "/containers/new-name/rename", name="taken").status == 409


@pytest.mark.parametrize(
    ("command", "code", "text"),
    [
        (["nosuch"], 127, 'exec: "nosuch": executable file not found in $PATH'),
        (["/nosuch"], 127, 'exec: "/nosuch": stat /nosuch: no such file or directory'),
        (["/etc/passwd"], 126, 'exec: "/etc/passwd": permission denied'),
    ],
)
def test_programs_that_cannot_be_run(api: Api, command: list[str], code: int, text: str) -> None:
    identity = api.create(Cmd=command)
    answer = api("POST", f"/containers/{identity}/start")
    assert answer.status == 400
    assert text in answer.message
    state = api.inspect(identity)["State"]
    assert (state["Status"], state["ExitCode"]) == ("created", code)
    assert text in state["Error"]
    assert api.wait(identity) == code


def test_a_failed_start_of_one_that_removes_itself_removes_it(api: Api) -> None:
    identity = api.create(host={"AutoRemove": True}, Cmd=["nosuch"])
    assert api("POST", f"/containers/{identity}/start").status == 400
    assert api("GET", f"/containers/{identity}/json").status == 404


def test_one_that_removes_itself_survives_its_restart(api: Api) -> None:
    identity = api.run(host={"AutoRemove": True})
    assert api("POST", f"/containers/{identity}/restart", t=0).status == 204
    assert api.status(identity) == "running"
    assert api("POST", f"/containers/{identity}/stop", t=0).status == 204
    eventually(lambda: api("GET", f"/containers/{identity}/json").status == 404)


def test_restart_on_failure_gives_up(api: Api) -> None:
    policy = {"Name": "on-failure", "MaximumRetryCount": 2}
    identity = api.run(host={"RestartPolicy": policy}, Cmd=["sh", "-c", "exit 3"])
    eventually(lambda: api.inspect(identity)["RestartCount"] == 2)
    eventually(lambda: api.status(identity) == "exited")
    assert api.inspect(identity)["State"]["ExitCode"] == 3


@pytest.mark.parametrize("verb", ["stop?t=0", "kill"])
def test_the_user_ends_a_container_that_restarts_always(api: Api, verb: str) -> None:
    policy = {"Name": "always"}
    identity = api.run(host={"RestartPolicy": policy}, Cmd=["sh", "-c", "sleep 0.1; exit 3"])
    eventually(lambda: api.inspect(identity)["RestartCount"] >= 2)
    api("POST", f"/containers/{identity}/{verb}")
    eventually(lambda: api.status(identity) == "exited")
    # Two of its lives later it still rests.
    time.sleep(0.5)
    assert api.status(identity) == "exited"


def test_stop_tells_the_program_first(api: Api) -> None:
    script = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"
    identity = api.run(Cmd=["sh", "-c", script])
    eventually(lambda: b"ready" in api("GET", f"/containers/{identity}/logs", stdout=1).body)
    assert api("POST", f"/containers/{identity}/stop").status == 204
    assert api.inspect(identity)["State"]["ExitCode"] == 7


def test_stop_takes_a_signal_of_the_request_or_of_the_container(api: Api) -> None:
    script = "trap 'exit 8' USR1; echo ready; while :; do sleep 0.05; done"
    for config, query in (({"StopSignal": "USR1"}, {}), ({}, {"signal": "SIGUSR1"})):
        identity = api.run(Cmd=["sh", "-c", script], **config)
        eventually(lambda i=identity: b"ready" in api("GET", f"/containers/{i}/logs?stdout=1").body)
        assert api("POST", f"/containers/{identity}/stop", **query).status == 204
        assert api.inspect(identity)["State"]["ExitCode"] == 8


def test_two_removals_at_once(api: Api) -> None:
    identity = api.run(Cmd=SLEEP)
    assert api("DELETE", f"/containers/{identity}", force=1).status == 204
    assert api("DELETE", f"/containers/{identity}", force=1).status == 404


def test_update_changes_limits_and_policy(api: Api) -> None:
    identity = api.run(host={"Memory": 64 << 20})
    answer = api("POST", f"/containers/{identity}/update", {"CpuShares": 256, "PidsLimit": 50})
    assert (answer.status, answer.json) == (200, {"Warnings": None})
    refused = api("POST", f"/containers/{identity}/update", {"Memory": 512 << 20})
    assert refused.status == 409
    assert refused.message == (
        f"Cannot update container {identity}: Memory limit should be smaller than already set "
        "memoryswap limit, update the memoryswap at the same time"
    )
    host = api.inspect(identity)["HostConfig"]
    assert (host["CpuShares"], host["PidsLimit"], host["Memory"]) == (256, 50, 64 << 20)
    assert api("POST", f"/containers/{identity}/update", {}).json == {"Warnings": None}


@pytest.mark.parametrize("parent", ["/bx-parent/../bx-other", "bx-other", "/bx-other/"])
def test_parents_of_the_cgroup(api: Api, parent: str) -> None:
    identity = api.run(host={"CgroupParent": parent})
    pid = api.inspect(identity)["State"]["Pid"]
    groups = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    assert any(line.endswith(f":/bx-other/{identity}") for line in groups)
    shown = api("GET", f"/containers/{identity}/stats", stream=0, **{"one-shot": 1}).json
    assert shown["pids_stats"]["current"] == 1
    api("DELETE", f"/containers/{identity}", force=1)
    for hierarchy in [Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").iterdir()]:
        with contextlib.suppress(OSError):
            (hierarchy / "bx-other").rmdir()


def test_who_is_killed_is_dead_at_once(api: Api) -> None:
    for _ in range(10):
        identity = api.run()
        assert api("POST", f"/containers/{identity}/kill").status == 204
        state = api.inspect(identity)["State"]
        assert (state["Status"], state["ExitCode"], state["Pid"]) == ("exited", 137, 0)
