"""How long it takes to run a program in a container that runs, and to list two hundred."""

from benchmarks.figure import Figure, median
from support.engines import Engine
from support.plain_http import Client

LISTED = 200
_SLEEPER = ("run", "-d", "--network", "none", "--name", "bench-exec", "busybox", "sleep", "1000")


def exec_cli(engine: Engine) -> float:
    engine.docker(*_SLEEPER)
    try:
        return median(lambda: engine.docker("exec", "bench-exec", "true"), times=15)
    finally:
        engine.docker("rm", "-f", "bench-exec")


def _exec(engine: Engine) -> None:
    body = {"Cmd": ["true"], "AttachStdout": True}
    with Client(engine.socket) as client:
        process = client.call("POST", "/containers/bench-exec/exec", body)["Id"]
        client.stream("POST", f"/exec/{process}/start", {"Detach": False, "Tty": False})


def exec_api(engine: Engine) -> float:
    engine.docker(*_SLEEPER)
    try:
        return median(lambda: _exec(engine), times=30)
    finally:
        engine.docker("rm", "-f", "bench-exec")


def with_many(engine: Engine) -> list[str]:
    """The ids of two hundred containers that never ran."""
    with Client(engine.socket) as client:
        body = {"Image": "busybox", "Cmd": ["true"]}
        return [client.call("POST", "/containers/create", body)["Id"] for _ in range(LISTED)]


def list_cli(engine: Engine) -> float:
    """``docker ps -a`` of two hundred containers."""
    ids = with_many(engine)
    try:
        return median(lambda: engine.docker("ps", "-a"), times=15)
    finally:
        engine.docker("rm", "-f", *ids, timeout=300)


FIGURES = [
    Figure("docker exec", exec_cli, 0.5),
    Figure("API exec", exec_api, 0.2),
    Figure("docker ps of 200", list_cli, 1.0),
]
