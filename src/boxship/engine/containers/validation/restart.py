"""Restart policies."""

from boxship.base.errors import InvalidParameter
from boxship.types.host_config import RestartPolicy

_NAMES = ("", "no", "always", "on-failure", "unless-stopped")


def is_none(policy: RestartPolicy) -> bool:
    return policy.name in ("", "no")


def check_restart_policy(policy: RestartPolicy, auto_remove: bool = False) -> None:
    """:class:`InvalidParameter` for unknown policies and retries that they do not take."""
    if auto_remove and not is_none(policy):
        raise InvalidParameter("can't create 'AutoRemove' container with restart policy")
    flaw = _flaw(policy)
    if flaw:
        raise InvalidParameter(f"invalid restart policy: {flaw}")


def _flaw(policy: RestartPolicy) -> str:
    if policy.name not in _NAMES:
        return (
            f"unknown policy '{policy.name}';"
            " use one of 'no', 'always', 'on-failure', or 'unless-stopped'"
        )
    negative = policy.maximum_retry_count < 0
    if policy.name == "on-failure":
        return "maximum retry count cannot be negative" if negative else ""
    if policy.maximum_retry_count:
        text = "maximum retry count can only be used with 'on-failure'"
        return f"{text} and cannot be negative" if negative else text
    return ""
