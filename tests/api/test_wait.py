"""POST /containers/{id}/wait in all its conditions."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from support.api import Answer, Api
from support.waiting import eventually


@pytest.fixture
def waiters():
    with ThreadPoolExecutor(8) as pool:
        yield pool


def begin(pool: ThreadPoolExecutor, api: Api, name: str, condition: str) -> "Future[Answer]":
    """When this returns, the daemon waits."""
    return pool.submit(api.begin("POST", f"/containers/{name}/wait", condition=condition))


def test_what_does_not_run_is_answered_at_once(api: Api) -> None:
    identity = api.create()
    for condition in ("", "not-running"):
        answer = api("POST", f"/containers/{identity}/wait", condition=condition)
        assert (answer.status, answer.json) == (200, {"StatusCode": 0})


def test_unknown_conditions(api: Api) -> None:
    identity = api.create()
    answer = api("POST", f"/containers/{identity}/wait", condition="bogus")
    assert (answer.status, answer.message) == (400, 'invalid condition: "bogus"')


def test_next_exit_begins_before_the_start(api: Api, waiters: ThreadPoolExecutor) -> None:
    identity = api.create(Cmd=["sh", "-c", "exit 7"])
    early = begin(waiters, api, identity, "next-exit")
    api.start(identity)
    later = begin(waiters, api, identity, "not-running")
    assert early.result(20).json == {"StatusCode": 7}
    assert later.result(20).json == {"StatusCode": 7}


def test_removed_answers_with_the_last_exit_code(api: Api, waiters: ThreadPoolExecutor) -> None:
    identity = api.create(host={"AutoRemove": True}, Cmd=["sh", "-c", "exit 9"])
    removed = begin(waiters, api, identity, "removed")
    api.start(identity)
    assert removed.result(20).json == {"StatusCode": 9}
    assert api("GET", f"/containers/{identity}/json").status == 404


def test_removed_outlasts_the_exit(api: Api, waiters: ThreadPoolExecutor) -> None:
    identity = api.run(Cmd=["sh", "-c", "exit 4"])
    assert api.wait(identity) == 4
    removed = begin(waiters, api, identity, "removed")
    assert api.status(identity) == "exited"
    assert not removed.done()
    api("DELETE", f"/containers/{identity}")
    assert removed.result(20).json == {"StatusCode": 4}


def test_a_failed_start_is_no_exit(api: Api, waiters: ThreadPoolExecutor) -> None:
    identity = api.create(Cmd=["nosuch"])
    waiting = begin(waiters, api, identity, "next-exit")
    assert api("POST", f"/containers/{identity}/start").status == 400
    assert api.status(identity) == "created"
    assert not waiting.done()
    api("DELETE", f"/containers/{identity}")
    assert waiting.result(20).json == {"StatusCode": 127}


def test_a_restart_in_between_does_not_answer(api: Api, waiters: ThreadPoolExecutor) -> None:
    script = "test -e /tmp/seen && exec sleep 1000; touch /tmp/seen; exit 3"
    policy = {"RestartPolicy": {"Name": "always"}}
    identity = api.run(host=policy, Cmd=["sh", "-c", script])
    eventually(lambda: api.inspect(identity)["RestartCount"] == 1)
    eventually(lambda: api.status(identity) == "running")
    waiting = begin(waiters, api, identity, "not-running")
    assert not waiting.done()
    api("POST", f"/containers/{identity}/stop", t=0)
    assert waiting.result(20).json == {"StatusCode": 137}
