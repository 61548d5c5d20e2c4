"""``boxship run``: create a container, start it, and stay with it or not."""

from __future__ import annotations

from boxship.base.errors import BoxshipError
from boxship.cli import creation
from boxship.cli.command import MANY, Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.run_flags.table import FLAGS
from boxship.cli.start_errors import exit_code
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body


def _run(app: App, arguments: Arguments) -> int:
    body = creation.body_of(app, arguments, "run")
    if arguments.on("detach"):
        _detach(arguments, body)
    elif body["AttachStdin"] and body.get("Tty") and not app.input_is_terminal():
        raise Failed("the input device is not a TTY")
    try:
        container = creation.create(app, arguments, body)
    except BoxshipError as error:
        raise Failed(creation.with_pointer(error, "run"), exit_code(str(error))) from None
    return _start(app, arguments, body, container)


def _detach(arguments: Arguments, body: Body) -> None:
    if arguments.given("attach"):
        raise Failed("Conflicting options: -a and -d")
    body.update(AttachStdin=False, AttachStdout=False, AttachStderr=False, StdinOnce=False)


def _start(app: App, arguments: Arguments, body: Body, container: str) -> int:
    def start() -> None:
        try:
            app.client.call("POST", paths.container(container, "start")).read()
        except BoxshipError as error:
            raise StartFailed(str(error)) from error

    try:
        if body["AttachStdin"] or body["AttachStdout"] or body["AttachStderr"]:
            return _foreground(app, arguments, body, container, start)
        # The container is there, started or not.
        app.print(container)
        start()
    except StartFailed as error:
        raise Failed(f"boxship: {str(error).removesuffix('.')}.", exit_code(str(error))) from None
    return 0


class StartFailed(BoxshipError):
    """The container exists and did not start."""


def _foreground(
    app: App, arguments: Arguments, body: Body, container: str, start: Callable[[], None]
) -> int:
    from boxship.cli.attach import Attachment, run_attached

    tty = bool(body.get("Tty"))
    attachment = Attachment(
        container,
        tty=tty,
        stdin=body["AttachStdin"] and bool(body.get("OpenStdin")),
        stdout=body["AttachStdout"],
        stderr=body["AttachStderr"],
        detach_keys=app.detach_keys(arguments),
        signals=arguments.on("sig-proxy") and not tty,
        removes=arguments.on("rm"),
    )
    if not (attachment.stdout or attachment.stderr):
        # With stdin alone, the id is the only thing to see.
        app.print(container)
    return run_attached(app, attachment, start)


COMMAND = Command(
    _run,
    "[OPTIONS] IMAGE [COMMAND] [ARG...]",
    (
        *FLAGS,
        *creation.FLAGS,
        switch("detach", "Leave it in the background and print its id", "d"),
        Flag("detach-keys", "Keys that leave the container running"),
        switch("sig-proxy", "Pass signals on to the program", default=True),
    ),
    least=1,
    most=MANY,
    interspersed=False,
)
