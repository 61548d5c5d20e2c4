"""Removing containers that somebody starts again at the same time: none lives on unseen."""

from concurrent.futures import ThreadPoolExecutor

from support import engines, leaks
from support.api import Api

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
