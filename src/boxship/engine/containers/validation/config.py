"""The portable part of a container: working directory, environment, signal, health check."""

import posixpath

from boxship.base.errors import InvalidParameter
from boxship.engine.containers.signals import parse_signal
from boxship.types.container_config import ContainerConfig, HealthConfig

_MILLISECOND = 1_000_000


def check_config(config: ContainerConfig) -> None:
    """Check *config* and clean its working directory. Raises :class:`InvalidParameter`."""
    config.working_dir = clean_working_dir(config.working_dir)
    if config.stop_signal:
        parse_signal(config.stop_signal)
    for variable in config.env or ():
        if not variable.partition("=")[0]:
            raise InvalidParameter(f"invalid environment variable: {variable}")
    if config.healthcheck is not None:
        _check_health(config.healthcheck)


def clean_working_dir(path: str) -> str:
    if not path:
        return ""
    if not path.startswith("/"):
        raise InvalidParameter(
            f"the working directory '{path}' is invalid, it needs to be an absolute path"
        )
    return "/" + posixpath.normpath(path).lstrip("/")


def _check_health(health: HealthConfig) -> None:
    _check_duration("Interval", health.interval)
    _check_duration("Timeout", health.timeout)
    if health.retries < 0:
        raise InvalidParameter("Retries in Healthcheck cannot be negative")
    _check_duration("StartPeriod", health.start_period)
    _check_duration("StartInterval", health.start_interval)


def _check_duration(name: str, nanoseconds: int) -> None:
    if nanoseconds and nanoseconds < _MILLISECOND:
        raise InvalidParameter(f"{name} in Healthcheck cannot be less than 1ms")
