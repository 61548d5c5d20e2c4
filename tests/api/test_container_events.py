"""GET /events: order, attributes, filters and legacy members, by dockerd's example."""

import json
import time
from collections.abc import Callable
from typing import Any

from docker import DockerClient

from support.api import Api
from support.waiting import eventually


def during(api: Api, action: Callable[[], object], **filters: list[str]) -> list[dict[str, Any]]:
    """The events that *action* causes."""
    since = f"{time.time_ns() / 1e9:.9f}"
    action()
    until = f"{time.time_ns() / 1e9:.9f}"
    answer = api("GET", "/events", since=since, until=until, filters=filters)
    assert answer.status == 200
    return [json.loads(line) for line in answer.body.splitlines()]


def actions(events: list[dict[str, Any]]) -> list[str]:
    return [f"{event['Type']} {event['Action']}" for event in events]


def test_a_life(api: Api) -> None:
    def live() -> None:
        api.run("box", Labels={"team": "blue"})
        for verb in ("pause", "unpause", "rename?name=crate"):
            api("POST", f"/containers/box/{verb}")
        api("POST", "/containers/crate/stop", t=0)
        api("DELETE", "/containers/crate")

    events = during(api, live)
    assert actions(events) == [
        "container create",
        "network connect",
        "container start",
        "container pause",
        "container unpause",
        "container rename",
        "container kill",
        "container kill",
        "network disconnect",
        "container stop",
        "container die",
        "container destroy",
    ]
    by_action = {event["Action"]: event for event in events if event["Type"] == "container"}
    attributes = {action: event["Actor"]["Attributes"] for action, event in by_action.items()}
    common = {"image": "busybox", "name": "box", "team": "blue"}
    assert attributes["create"] == common
    assert attributes["rename"] == {**common, "name": "crate", "oldName": "/box"}
    assert attributes["kill"]["signal"] == "9"
    assert attributes["die"]["exitCode"] == "137"
    assert attributes["die"]["execDuration"].isdigit()


def test_members(api: Api) -> None:
    events = during(api, lambda: api.run("box"))
    container, network = events[0], events[1]
    assert container["status"] == container["Action"] == "create"
    assert container["id"] == container["Actor"]["ID"]
    assert container["from"] == "busybox"
    assert container["scope"] == "local"
    assert container["timeNano"] // 10**9 == container["time"]
    assert {"status", "id", "from"}.isdisjoint(network)
    assert network["Actor"]["Attributes"]["name"] == "none"
    assert network["Actor"]["Attributes"]["type"] == "null"


def test_sessions(api: Api) -> None:
    identity = api.run("box")

    def session() -> None:
        created = api("POST", f"/containers/{identity}/exec", {"Cmd": ["sh", "-c", "exit 4"]})
        number = created.json["Id"]
        api("POST", f"/exec/{number}/start", {"Detach": True})
        eventually(lambda: not api("GET", f"/exec/{number}/json").json["Running"])

    events = during(api, session)
    assert [event["Action"] for event in events] == [
        "exec_create: sh -c exit 4",
        "exec_start: sh -c exit 4",
        "exec_die",
    ]
    assert events[2]["Actor"]["Attributes"]["exitCode"] == "4"
    assert len({event["Actor"]["Attributes"]["execID"] for event in events}) == 1
    assert actions(during(api, session, event=["exec_create"])) == [
        "container exec_create: sh -c exit 4"
    ]


def test_filters(api: Api) -> None:
    def two() -> None:
        api.run("one", Labels={"team": "blue"})
        api.run("two")

    assert len(during(api, lambda: two() or api.clean(), type=["network"])) == 4
    assert actions(
        during(api, lambda: two() or api.clean(), container=["one"], event=["start"])
    ) == ["container start"]
    assert (
        len(during(api, lambda: two() or api.clean(), label=["team=blue"], event=["create"])) == 1
    )
    assert len(during(api, lambda: two() or api.clean(), image=["busybox"], event=["create"])) == 2


def test_bad_times(api: Api) -> None:
    assert api("GET", "/events", since=5, until=1).message == (
        "`since` time (5) cannot be after `until` time (1)"
    )
    assert api("GET", "/events", until="x").status == 400
    assert api("GET", "/events?until=1&filters=x").message == "invalid filter"


def test_removal_by_itself(api: Api) -> None:
    def live() -> None:
        identity = api.run(host={"AutoRemove": True}, Cmd=["true"])
        eventually(lambda: api("GET", f"/containers/{identity}/json").status == 404)

    assert actions(during(api, live, type=["container"])) == [
        "container create",
        "container start",
        "container die",
        "container destroy",
    ]


def test_live_stream(client: DockerClient) -> None:
    stream = client.events(decode=True, filters={"type": "container"})
    box = client.containers.run("busybox", "true", detach=True)
    box.wait()
    box.remove()
    seen = []
    for event in stream:
        seen.append(event["Action"])
        if event["Action"] == "destroy":
            break
    stream.close()
    assert seen == ["create", "start", "die", "destroy"]


def test_memory_ran_out(api: Api) -> None:
    def starve() -> None:
        eater = "x=a; while :; do x=$x$x; done"
        identity = api.run(host={"Memory": 8 << 20, "MemorySwap": 8 << 20}, Cmd=["sh", "-c", eater])
        api.wait(identity)
        state = api.inspect(identity)["State"]
        assert (state["OOMKilled"], state["ExitCode"]) == (True, 137)

    assert "container oom" in actions(during(api, starve))
