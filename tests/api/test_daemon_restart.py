"""Restart policies across a restart of the daemon."""

from collections.abc import Iterator

import pytest

from support import engines
from support.api import Api
from support.requirements import require_root, require_tool
from support.waiting import eventually


@pytest.fixture
def daemon() -> Iterator[engines.Engine]:
    require_root()
    require_tool("docker", "unshare", "busybox", "ip")
    with engines.running("boxship") as engine:
        yield engine


def test_what_runs_afterwards(daemon: engines.Engine) -> None:
    api = Api(str(daemon.socket))
    always = {"RestartPolicy": {"Name": "always"}}
    unless_stopped = {"RestartPolicy": {"Name": "unless-stopped"}}
    short = ["sh", "-c", "test -e /tmp/seen && exec sleep 1000; touch /tmp/seen; sleep 2"]
    lives_on = api.run("lives-on", always)
    ends = api.run("ends", unless_stopped, Cmd=short)
    plain = api.run("plain", Cmd=short)
    for name, host in (("stopped", always), ("rests", unless_stopped), ("killed", unless_stopped)):
        api.run(name, host)
    api("POST", "/containers/stopped/stop", t=0)
    api("POST", "/containers/rests/stop", t=0)
    api("POST", "/containers/killed/kill")
    api.wait("killed")
    pid = api.inspect(lives_on)["State"]["Pid"]
    network = api.inspect(lives_on)["NetworkSettings"]["Networks"]["none"]

    daemon.stop()
    daemon.start()

    assert api.inspect(lives_on)["State"]["Pid"] == pid
    assert api.inspect(lives_on)["NetworkSettings"]["Networks"]["none"] == network
    eventually(lambda: api.status("stopped") == "running")
    eventually(lambda: api.status(ends) == "running" and api.inspect(ends)["RestartCount"] == 1)
    eventually(lambda: api.status(plain) == "exited")
    assert api.inspect(plain)["State"]["ExitCode"] == 0
    assert (api.status("rests"), api.status("killed")) == ("exited", "exited")


def test_volumes_and_logs_are_still_there(daemon: engines.Engine) -> None:
    api = Api(str(daemon.socket))
    identity = api.run(host={"Binds": ["data:/d"]}, Cmd=["sh", "-c", "echo said; echo x >/d/f"])
    api.wait(identity)
    volume = api("GET", "/volumes/data").json
    daemon.stop()
    daemon.start()
    assert api("GET", "/volumes/data").json == volume
    assert api("DELETE", "/volumes/data").status == 409
    assert b"said" in api("GET", f"/containers/{identity}/logs", stdout=1).body
    assert api.inspect(identity)["Mounts"][0]["Name"] == "data"
    api("DELETE", f"/containers/{identity}")
    assert api("DELETE", "/volumes/data").status == 204
