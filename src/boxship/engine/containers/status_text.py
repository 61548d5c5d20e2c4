"""The ``Status`` column: how long, since when, in words."""

from boxship.base.durations import human_duration
from boxship.engine.containers.container import State

_SECOND = 1_000_000_000


def status_text(state: State, now: int) -> str:
    """Such as ``Up 3 minutes (healthy)``. *now* is in nanoseconds."""
    if state.status == "restarting":
        ago = human_duration((now - state.finished_at) / _SECOND)
        return f"Restarting ({state.exit_code}) {ago} ago"
    if state.running:
        return f"Up {human_duration((now - state.started_at) / _SECOND)}{_remark(state)}"
    if state.status == "removing":
        return "Removal In Progress"
    if state.status == "dead":
        return "Dead"
    if not state.started_at:
        return "Created"
    if not state.finished_at:
        return ""
    return f"Exited ({state.exit_code}) {human_duration((now - state.finished_at) / _SECOND)} ago"


def _remark(state: State) -> str:
    if state.status == "paused":
        return " (Paused)"
    health = (state.health or {}).get("Status", "none")
    if health == "none":
        return ""
    return " (health: starting)" if health == "starting" else f" ({health})"
