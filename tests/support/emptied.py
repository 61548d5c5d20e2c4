"""An engine as it was before the first test, whatever others have left in it."""

from support.engines import Engine
from support.plain_http import Client

_KEPT = "busybox:latest"


def empty(engine: Engine) -> Engine:
    """Remove all containers, volumes, networks, steps of builds, and images but busybox."""
    with Client(engine.socket) as client:
        for container in client.call("GET", "/containers/json?all=1"):
            client.call("DELETE", f"/containers/{container['Id']}?force=1&v=1")
        client.call("POST", "/build/prune?all=1")
        for image in client.call("GET", "/images/json"):
            for name in image["RepoTags"] or [image["Id"]]:
                if name != _KEPT:
                    client.call("DELETE", f"/images/{name}?force=1")
        client.call("POST", '/volumes/prune?filters={"all":["1"]}')
        client.call("POST", "/networks/prune")
    return engine
