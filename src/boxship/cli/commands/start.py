"""``boxship start``: start stopped containers, with ``-a`` or ``-i`` in this terminal."""

from __future__ import annotations

from boxship.base.errors import BoxshipError
from boxship.cli.command import MANY, Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, switch
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    if arguments.on("attach") or arguments.on("interactive"):
        return _attached(app, arguments)
    failed: list[str] = []
    for name in arguments.positional:
        try:
            app.client.call("POST", paths.container(name, "start")).read()
            app.print(name)
        except BoxshipError as error:
            app.warn(str(error))
            failed.append(name)
    if failed:
        raise Failed(f"Error: failed to start containers: {', '.join(failed)}")
    return 0


def _attached(app: App, arguments: Arguments) -> int:
    if len(arguments.positional) > 1:
        raise Failed("you cannot start and attach multiple containers at once")
    from boxship.cli.attach import Attachment, run_attached

    name = arguments.positional[0]
    details = app.client.json("GET", paths.container(name, "json"))
    attachment = Attachment(
        container=details["Id"],
        tty=details["Config"]["Tty"],
        stdin=arguments.on("interactive") and details["Config"]["OpenStdin"],
        stdout=True,
        stderr=True,
        detach_keys=app.detach_keys(arguments),
        signals=not details["Config"]["Tty"] and arguments.on("sig-proxy"),
        removes=details["HostConfig"].get("AutoRemove", False),
    )
    return run_attached(
        app,
        attachment,
        lambda: app.client.call("POST", paths.container(details["Id"], "start")).read(),
    )


SIG_PROXY = switch("sig-proxy", "Pass signals on to the program", default=True)
SIG_PROXY.hidden = True

COMMAND = Command(
    _run,
    "[OPTIONS] CONTAINER [CONTAINER...]",
    (
        switch("attach", "Show the output here and pass signals on", "a"),
        Flag("detach-keys", "Keys that leave the container running"),
        switch("interactive", "Send this terminal's input", "i"),
        SIG_PROXY,
    ),
    least=1,
    most=MANY,
)
