"""How long it takes to run a container: by the docker command line and by the API."""

from concurrent.futures import ThreadPoolExecutor

from benchmarks.figure import Figure, median, seconds
from support.engines import Engine
from support.plain_http import Client

CLIENTS = 8
ROUNDS = 10
_BODY = {"Image": "busybox", "Cmd": ["true"]}
_NO_NETWORK = {"HostConfig": {"NetworkMode": "none"}}


def lifecycle(client: Client, **settings: object) -> None:
    """Create, start, wait for and remove one container."""
    container = client.call("POST", "/containers/create", _BODY | settings)["Id"]
    client.call("POST", f"/containers/{container}/start")
    client.call("POST", f"/containers/{container}/wait")
    client.call("DELETE", f"/containers/{container}")


def run_cli(engine: Engine) -> float:
    return median(
        lambda: engine.docker("run", "--rm", "--network", "none", "busybox", "true"), times=15
    )


def run_cli_with_output(engine: Engine) -> float:
    return median(lambda: engine.docker("run", "--rm", "busybox", "echo", "hello"), times=15)


def one_client(engine: Engine) -> float:
    with Client(engine.socket) as client:
        return median(lambda: lifecycle(client), times=50)


def one_client_without_network(engine: Engine) -> float:
    with Client(engine.socket) as client:
        return median(lambda: lifecycle(client, **_NO_NETWORK), times=50)


def _several(engine: Engine) -> None:
    with Client(engine.socket) as client:
        for _ in range(ROUNDS):
            lifecycle(client, **_NO_NETWORK)


def eight_clients(engine: Engine) -> float:
    """Seconds for each container while eight clients run them at once."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        total = seconds(lambda: list(pool.map(_several, [engine] * CLIENTS)))
    return total / (CLIENTS * ROUNDS)


FIGURES = [
    Figure("docker run --rm --network none", run_cli, 0.25),
    Figure("docker run --rm echo", run_cli_with_output, 0.25),
    Figure("API create+start+wait+remove", one_client, 0.06),
    Figure("the same, --network none", one_client_without_network),
    Figure("the same, 8 clients, each", eight_clients, 0.08),
]
