"""Removing containers that somebody starts again at the same time: none lives on unseen."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support import engines, leaks
from support.api import Api
from support.waiting import eventually

_BOXES, _STARTS = 12, 6


def test_no_container_outlives_its_removal(api: Api, boxship_daemon: engines.Engine) -> None:
    for number in range(_BOXES):
        api.run(name=f"box{number}", Cmd=["sleep", "1000"])

    def restart(name: str) -> None:
        for _ in range(_STARTS):
            api("POST", f"/containers/{name}/restart", t=0)

    def remove(name: str) -> int:
        return api("DELETE", f"/containers/{name}", force=1).status

    names = [f"box{number}" for number in range(_BOXES)]
    with ThreadPoolExecutor(3 * _BOXES) as pool:
        restarts = [pool.submit(restart, name) for name in names * 2]
        removals = [pool.submit(remove, name) for name in names]
        assert {each.result() for each in removals} <= {204, 404, 409}
        for each in restarts:
            each.result()
    for name in names:
        assert api("DELETE", f"/containers/{name}", force=1).status in (204, 404)
    assert leaks.settled(lambda: leaks.cgroups(boxship_daemon.root.name)) == []


@pytest.mark.parametrize("verb", ["stop?t=0", "kill", "remove"])
def test_a_restart_of_its_policy_that_is_under_way_is_undone(
    api: Api, boxship_daemon: engines.Engine, verb: str
) -> None:
    """Each at another moment of the pause before the restart, or of the start itself."""
    host = {"RestartPolicy": {"Name": "always"}}

    def end(number: int) -> None:
        name = f"again{number}"
        api.run(name, host, Cmd=["true"])
        eventually(lambda: api.inspect(name)["RestartCount"] >= 1)
        if verb != "remove":
            assert api("POST", f"/containers/{name}/{verb}").status in (204, 304, 409)
            seen = [api.inspect(name)["State"]["StartedAt"] for _ in range(3)]
            assert len({*seen}) == 1
        assert api("DELETE", f"/containers/{name}", force=1).status == 204

    with ThreadPoolExecutor(_BOXES) as pool:
        for each in [pool.submit(end, number) for number in range(4 * _BOXES)]:
            each.result()
    assert leaks.settled(lambda: leaks.cgroups(boxship_daemon.root.name)) == []
