"""The program: who runs it, where, with which streams, and how it is stopped."""

from __future__ import annotations

from boxship.cli.flags.flag import Flag, many, switch
from boxship.cli.run_flags.placed import Placed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body

STREAMS = ("stdin", "stdout", "stderr")


def _stream(text: str) -> str:
    if text.lower() not in STREAMS:
        raise ValueError("valid streams are STDIN, STDOUT and STDERR")
    return text.lower()


ROWS = (
    Placed(many("attach", "Attach to STDIN, STDOUT or STDERR", "a", parse=_stream)),
    Placed(switch("interactive", "Keep stdin open", "i"), "OpenStdin"),
    Placed(switch("tty", "Give the program a terminal", "t"), "Tty"),
    Placed(Flag("entrypoint", "Program in place of the image's entry point")),
    Placed(Flag("user", "User and group, NAME|UID[:GROUP|GID]", short="u"), "User"),
    Placed(many("group-add", "Further group of the user"), "HostConfig.GroupAdd"),
    Placed(Flag("workdir", "Working directory inside", short="w"), "WorkingDir"),
    Placed(switch("init", "Run a small init as process 1"), "HostConfig.Init"),
    Placed(Flag("stop-signal", "Signal that asks the program to end"), "StopSignal"),
    Placed(Flag("stop-timeout", "Seconds to wait before killing", "int"), "StopTimeout"),
)


def apply(arguments: Arguments, body: Body) -> None:
    attached = set(arguments.texts("attach"))
    if arguments.on("interactive"):
        attached.add("stdin")
    if not arguments.given("attach"):
        attached |= {"stdout", "stderr"}
    for stream in STREAMS:
        body[f"Attach{stream.capitalize()}"] = stream in attached
    body["StdinOnce"] = arguments.on("interactive") and "stdin" in attached
    if arguments.given("entrypoint"):
        # One empty word takes the image's entry point away.
        body["Entrypoint"] = [arguments.text("entrypoint")]
