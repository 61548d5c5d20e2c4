"""What happens when the container ends, and where its output is kept."""

from __future__ import annotations

from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, many, switch
from boxship.cli.run_flags.placed import Placed, key_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body


def parse_restart(text: str) -> Body:
    """``no``, ``always``, ``unless-stopped`` or ``on-failure[:COUNT]``."""
    name, colon, count = text.partition(":")
    if colon and not count.lstrip("-").isdigit():
        raise Failed("invalid restart policy format: maximum retry count must be an integer")
    if colon and not name:
        raise Failed("invalid restart policy format: no policy provided before colon")
    return {"Name": name, "MaximumRetryCount": int(count or 0)}


ROWS = (
    Placed(switch("rm", "Remove the container when it ends"), "HostConfig.AutoRemove"),
    Placed(
        Flag(
            "restart",
            "When to start it again: no, always, on-failure[:N] or unless-stopped",
            default="no",
        ),
        "HostConfig.RestartPolicy",
        parse_restart,
    ),
    Placed(Flag("log-driver", "Where the output is kept"), "HostConfig.LogConfig.Type"),
    Placed(
        many("log-opt", "Option of the log driver, NAME=VALUE"),
        "HostConfig.LogConfig.Config",
        key_values,
    ),
)


def apply(arguments: Arguments, body: Body) -> None:
    policy = body["HostConfig"].setdefault("RestartPolicy", {"Name": "no", "MaximumRetryCount": 0})
    if arguments.on("rm") and policy["Name"] not in ("", "no"):
        raise Failed("Conflicting options: --restart and --rm")
    if arguments.text("log-driver") == "none" and arguments.given("log-opt"):
        raise Failed("invalid logging opts for driver none")
