"""THE route table: every path that the engine serves, one row each.

A handler lives in ``handlers/<resource>/<verb>.py``. Rows without parameters win over rows with;
among the latter the first match counts, so the more specific one comes first.
"""

from boxship.api.handlers.system.ping import ping
from boxship.api.route import Route

ROUTES: tuple[Route, ...] = (
    # system
    Route("GET", "/_ping", ping),
    Route("HEAD", "/_ping", ping),
    # containers
    # exec
    # images
    # networks
    # volumes
    # swarm: refused
    # plugins: none
)
