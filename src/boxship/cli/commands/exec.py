"""``boxship exec``: run a command in a running container."""

from __future__ import annotations

import contextlib

from boxship.base.errors import BoxshipError
from boxship.cli import terminal
from boxship.cli.attach import enter_raw, follow_size, scanner_for
from boxship.cli.command import MANY, Command
from boxship.cli.errors import ENGINE_FAILED, Failed
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.pump import Pump
from boxship.cli.run_flags.env import ENV, ENV_FILE, variables
from boxship.cli.signals import Handlers
from boxship.cli.start_errors import exit_code
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body


def _run(app: App, arguments: Arguments) -> int:
    container, *command = arguments.positional
    tty, interactive = arguments.on("tty"), arguments.on("interactive")
    detach = arguments.on("detach")
    if tty and interactive and not detach and not app.input_is_terminal():
        raise Failed("the input device is not a TTY")
    body = _body(app, arguments, command)
    identity = app.client.json("POST", paths.container(container, "exec"), body=body)["Id"]
    if detach:
        start = {"Detach": True, "Tty": tty}
        app.client.call("POST", f"/exec/{identity}/start", body=start).read()
        return 0
    try:
        return _foreground(app, arguments, identity)
    except BoxshipError as error:
        code = exit_code(str(error))
        raise Failed(str(error), 1 if code == ENGINE_FAILED else code) from None


def _body(app: App, arguments: Arguments, command: list[str]) -> Body:
    attached = not arguments.on("detach")
    return {
        "Cmd": command,
        "User": arguments.text("user"),
        "Privileged": arguments.on("privileged"),
        "Tty": arguments.on("tty"),
        "AttachStdin": attached and arguments.on("interactive"),
        "AttachStdout": attached,
        "AttachStderr": attached,
        "Detach": arguments.on("detach"),
        "DetachKeys": app.detach_keys(arguments),
        "Env": variables(arguments) or None,
        "WorkingDir": arguments.text("workdir"),
        "ConsoleSize": _console_size(arguments),
    }


def _console_size(arguments: Arguments) -> list[int] | None:
    size = terminal.size()
    return list(size) if arguments.on("tty") and any(size) else None


def _foreground(app: App, arguments: Arguments, identity: str) -> int:
    tty = arguments.on("tty")
    interactive = arguments.on("interactive")
    scanner = scanner_for(tty, app.detach_keys(arguments))
    body = {"Detach": False, "Tty": tty, "ConsoleSize": _console_size(arguments)}
    with contextlib.ExitStack() as stack:
        enter_raw(app, stack, tty and interactive)
        stream = app.client.hijack(f"/exec/{identity}/start", {}, body, tty=tty)
        stack.callback(stream.close)
        handlers = stack.enter_context(Handlers())
        follow_size(handlers, app, tty, f"/exec/{identity}/resize")
        if not Pump(stream, 0 if interactive else None, scanner).run():
            raise Failed("read escape sequence")
    code = app.client.json("GET", f"/exec/{identity}/json")["ExitCode"]
    return int(code or 0)


COMMAND = Command(
    _run,
    "[OPTIONS] CONTAINER COMMAND [ARG...]",
    (
        switch("detach", "Leave it in the background", "d"),
        Flag("detach-keys", "Keys that leave the command running"),
        ENV,
        ENV_FILE,
        switch("interactive", "Keep stdin open", "i"),
        switch("privileged", "Lift almost every restriction"),
        switch("tty", "Give the command a terminal", "t"),
        Flag("user", "User and group, NAME|UID[:GROUP|GID]", short="u"),
        Flag("workdir", "Working directory inside", short="w"),
    ),
    least=2,
    most=MANY,
    interspersed=False,
)
