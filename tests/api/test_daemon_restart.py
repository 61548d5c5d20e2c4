"""Restart policies across a restart of the daemon."""

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator

import pytest

from support import engines, leaks
from support.api import Api
from support.requirements import require_root, require_tool
from support.waiting import eventually


@pytest.fixture
def daemon() -> Iterator[engines.Engine]:
    require_root()
    require_tool("docker", "unshare", "busybox", "ip")
    with engines.running("boxship") as engine:
        yield engine
        engine.remove_containers()
        assert leaks.settled(lambda: leaks.cgroups(engine.root.name)) == []


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


def test_a_daemon_that_takes_its_containers_with_it_brings_them_back() -> None:
    with engines.running("boxship", "--no-live-restore") as engine:
        api = Api(str(engine.socket))
        policy = {"RestartPolicy": {"Name": "unless-stopped"}}
        for name, host in (("runs", policy), ("rests", policy), ("plain", {})):
            api.run(name, host)
        api("POST", "/containers/rests/stop", t=0)
        pid = api.inspect("runs")["State"]["Pid"]
        engine.stop()
        assert not os.path.exists(f"/proc/{pid}")
        engine.start()
        eventually(lambda: api.status("runs") == "running")
        assert api.inspect("runs")["State"]["Pid"] != pid
        assert (api.status("rests"), api.status("plain")) == ("exited", "exited")


def test_what_the_user_has_ended_is_not_begun_again(daemon: engines.Engine) -> None:
    """Though the daemon dies before the database knows of the end."""
    api = Api(str(daemon.socket))
    policy = {"RestartPolicy": {"Name": "unless-stopped"}}
    api.run("told", policy, Cmd=["sh", "-c", "trap : TERM; while :; do sleep 0.05; done"])
    api("POST", "/containers/told/kill", signal="TERM")
    pid = api.inspect("told")["State"]["Pid"]
    api.run("weary", policy, Cmd=["false"])
    eventually(lambda: api.status("weary") == "restarting")
    api("POST", "/containers/weary/stop")
    daemon.stop(signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    daemon.start()
    assert api.status("weary") == "exited"
    eventually(lambda: api.status("told") == "exited")


def test_what_runs_after_a_crash_of_the_machine(daemon: engines.Engine) -> None:
    """Power is gone: nobody records an exit, and the exec root is empty at the next boot."""
    api = Api(str(daemon.socket))
    sleeps = {"Cmd": ["sleep", "1000"]}
    for name, policy in (
        ("always", "always"),
        ("unless", "unless-stopped"),
        ("failing", "on-failure"),
        ("plain", "no"),
    ):
        api.run(name, {"RestartPolicy": {"Name": policy}}, **sleeps)
    # A boot later than the queue of writes.
    api.run("recorded", Cmd=["true"])
    api.wait("recorded")
    api.run("stopped", {"RestartPolicy": {"Name": "unless-stopped"}}, **sleeps)
    api("POST", "/containers/stopped/stop", t=0)
    api.run("passing", {"AutoRemove": True}, **sleeps)
    api("POST", "/containers/create", {"Image": "busybox"}, name="fresh")

    daemon.stop(signal.SIGKILL)
    for row in leaks.processes(daemon.root):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(row.split()[0]), signal.SIGKILL)
    assert list(leaks.settled(lambda: leaks.processes(daemon.root))) == []
    shutil.rmtree(daemon.root / "exec")
    daemon.start()

    restarted = ("always", "unless", "failing")
    eventually(lambda: all(api.status(name) == "running" for name in restarted))
    assert api.status("stopped") == "exited"
    assert api.status("fresh") == "created"
    assert api.inspect("plain")["State"]["ExitCode"] == 255
    assert api("GET", "/containers/passing/json").status == 404


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
