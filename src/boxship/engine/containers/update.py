"""New limits and restart policy for an existing container."""

from typing import TYPE_CHECKING

from boxship.base.errors import Internal
from boxship.engine.containers import events, states
from boxship.engine.containers.pause import GONE
from boxship.engine.containers.update_limits import updated_host_config
from boxship.runtime.spec import resources
from boxship.types.update import UpdateRequest

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_NO_LIMIT = -1


async def update(engine: "Engine", reference: str, request: UpdateRequest) -> list[str]:
    """``POST /containers/{id}/update``: in force at once if it runs; returns warnings."""
    live = engine.containers.get(reference)
    async with live.lock:
        container = live.container
        states.check(container, "update", reference)
        before = container.host_config
        changed, warnings = updated_host_config(container.id, before, request, engine.host)
        if live.shim is not None:
            path = engine.cgroups.path_of(changed.cgroup_parent, live.id)
            limits = resources.build(changed)
            if request.pids_limit is not None and request.pids_limit <= 0:
                limits["pids"] = {"limit": _NO_LIMIT}
            try:
                engine.cgroups.update(path, limits)
            except OSError as error:
                # Limits of who has just ended are in force at the next start.
                if error.errno not in GONE:
                    raise Internal(f"Cannot update container {container.id}: {error}") from None
        container.host_config = changed
        try:
            await engine.containers.save(live)
        except BaseException:
            container.host_config = before
            raise
        events.emit(engine, container, "update")
        return warnings
