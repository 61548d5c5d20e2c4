"""How long networks take: making and removing them, and containers that join them."""

from benchmarks.figure import Figure, median, seconds
from support.engines import Engine
from support.plain_http import Client

CROWD = 200
_TEN = 10
_BODY = {"Image": "busybox", "Cmd": ["sleep", "1000"], "HostConfig": {"NetworkMode": "crowd"}}


def _lifecycle(client: Client) -> None:
    network = client.call("POST", "/networks/create", {"Name": "bench"})["Id"]
    client.call("DELETE", f"/networks/{network}")


def create_and_remove(engine: Engine) -> float:
    with Client(engine.socket) as client:
        return median(lambda: _lifecycle(client), times=40)


def _by_command(engine: Engine) -> None:
    engine.docker("network", "create", "bench")
    engine.docker("network", "rm", "bench")


def create_and_remove_by_command(engine: Engine) -> float:
    return median(lambda: _by_command(engine), times=15)


def run_on_default_bridge(engine: Engine) -> float:
    return median(lambda: engine.docker("run", "--rm", "busybox", "true"), times=15)


def connect_and_disconnect(engine: Engine) -> float:
    """A running container, joining another network and leaving it."""
    engine.docker("run", "-d", "--name", "joiner", "busybox", "sleep", "1000")
    engine.docker("network", "create", "second")
    body = {"Container": "joiner"}

    def join_and_leave() -> None:
        client.call("POST", "/networks/second/connect", body)
        client.call("POST", "/networks/second/disconnect", body)

    try:
        with Client(engine.socket) as client:
            return median(join_and_leave, times=20)
    finally:
        engine.docker("rm", "-f", "joiner")
        engine.docker("network", "rm", "second")


def crowded(engine: Engine) -> float:
    """How many times as long the last ten of many containers on one bridge take to start as the
    first ten."""
    engine.docker("network", "create", "crowd")
    taken = []
    try:
        with Client(engine.socket) as client:
            for _ in range(CROWD):
                container = client.call("POST", "/containers/create", _BODY)["Id"]
                path = f"/containers/{container}/start"
                taken.append(seconds(lambda path=path: client.call("POST", path)))
    finally:
        engine.remove_containers()
        engine.docker("network", "rm", "crowd")
    return sum(taken[-_TEN:]) / sum(taken[:_TEN])


FIGURES = [
    Figure("network create+remove by API", create_and_remove, 0.3),
    Figure("docker network create, rm", create_and_remove_by_command),
    Figure("docker run --rm, default bridge", run_on_default_bridge, 0.3),
    Figure("network connect+disconnect", connect_and_disconnect),
    Figure("200 on a bridge: last/first ten", crowded, unit="x", ceiling=1.5),
]
