"""The ``Status`` column: how long, since when, in words."""

from boxship.engine.containers.container import State

_SECOND = 1_000_000_000
_HOUR, _DAY = 3600, 24 * 3600


def status_text(state: State, now: int) -> str:
    """Such as ``Up 3 minutes (healthy)``. *now* is in nanoseconds."""
    if state.status == "restarting":
        ago = human_duration(now - state.finished_at)
        return f"Restarting ({state.exit_code}) {ago} ago"
    if state.running:
        return f"Up {human_duration(now - state.started_at)}{_remark(state)}"
    if state.status == "removing":
        return "Removal In Progress"
    if state.status == "dead":
        return "Dead"
    if not state.started_at:
        return "Created"
    if not state.finished_at:
        return ""
    return f"Exited ({state.exit_code}) {human_duration(now - state.finished_at)} ago"


def _remark(state: State) -> str:
    if state.status == "paused":
        return " (Paused)"
    health = (state.health or {}).get("Status", "none")
    if health == "none":
        return ""
    return " (health: starting)" if health == "starting" else f" ({health})"


def human_duration(nanoseconds: int) -> str:
    """A rough length of time, rounded as Docker's clients round it."""
    seconds = int(nanoseconds / _SECOND)
    minutes, hours = seconds // 60, int(nanoseconds / _SECOND / _HOUR + 0.5)
    if seconds < 1:
        return "Less than a second"
    if seconds == 1:
        return "1 second"
    if seconds < 60:
        return f"{seconds} seconds"
    if minutes == 1:
        return "About a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    if hours == 1:
        return "About an hour"
    return _days(hours, seconds)


def _days(hours: int, seconds: int) -> str:
    if hours < 48:
        return f"{hours} hours"
    if hours < 24 * 7 * 2:
        return f"{hours // 24} days"
    if hours < 24 * 30 * 2:
        return f"{hours // 24 // 7} weeks"
    if hours < 24 * 365 * 2:
        return f"{hours // 24 // 30} months"
    return f"{seconds // _DAY // 365} years"
