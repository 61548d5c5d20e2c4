"""The check of the container's health."""

from __future__ import annotations

from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.run_flags.placed import Placed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body


def _test(command: str) -> list[str]:
    return ["CMD-SHELL", command]


ROWS = (
    Placed(Flag("health-cmd", "Command that checks health"), "Healthcheck.Test", _test),
    Placed(Flag("health-interval", "Time between checks", "duration"), "Healthcheck.Interval"),
    Placed(Flag("health-timeout", "Longest time of a check", "duration"), "Healthcheck.Timeout"),
    Placed(
        Flag("health-start-period", "Time in which failures do not count", "duration"),
        "Healthcheck.StartPeriod",
    ),
    Placed(
        Flag("health-start-interval", "Time between checks in the start period", "duration"),
        "Healthcheck.StartInterval",
    ),
    Placed(
        Flag("health-retries", "Failures in a row that mean unhealthy", "int"),
        "Healthcheck.Retries",
    ),
    Placed(switch("no-healthcheck", "Do not check, whatever the image says")),
)
_DURATIONS = ("health-interval", "health-timeout", "health-start-period", "health-start-interval")


def apply(arguments: Arguments, body: Body) -> None:
    for name in (*_DURATIONS, "health-retries"):
        if arguments.number(name) < 0:
            raise Failed(f"--{name} cannot be negative")
    if not arguments.on("no-healthcheck"):
        return
    if "Healthcheck" in body:
        raise Failed("--no-healthcheck conflicts with --health-* options")
    body["Healthcheck"] = {"Test": ["NONE"]}
