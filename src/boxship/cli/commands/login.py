"""``boxship login``: prove who you are to a registry, and keep that for later."""

from __future__ import annotations

import sys

from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.registry.logins import Logins
from boxship.cli.registry.server import HUB_KEY, key_of_server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    key = key_of_server(arguments.positional[0] if arguments.positional else "")
    logins = Logins(app.settings)
    user, password = _given(app, arguments)
    known = {} if user or password else logins.get(key)
    if known:
        app.print("Authenticating with existing credentials...")
        answer = _ask(app, known)
    else:
        user, password = _asked_for(app, key, user, password)
        login = {"username": user, "password": password, "serveraddress": key}
        answer = _ask(app, login)
        if logins.store(key, user, password, answer.get("IdentityToken", "")):
            app.flush()
            sys.stderr.write(
                f"WARNING! Your password will be stored unencrypted in {app.settings.path}.\n"
                "Configure a credential helper to remove this warning. See\n"
                "https://docs.docker.com/engine/reference/commandline/login/#credential-stores\n\n"
            )
            sys.stderr.flush()
    app.print(answer.get("Status") or "Login Succeeded")
    return 0


def _ask(app: App, login: dict[str, str]) -> dict[str, str]:
    found = app.client.json("POST", "/auth", {}, dict(login))
    return found if isinstance(found, dict) else {}


def _given(app: App, arguments: Arguments) -> tuple[str, str]:
    user, password = arguments.text("username"), arguments.text("password")
    if password:
        app.warn("WARNING! Using --password via the CLI is insecure. Use --password-stdin.")
    if arguments.on("password-stdin"):
        if password:
            raise Failed("--password and --password-stdin are mutually exclusive")
        if not user:
            raise Failed("Must provide --username with --password-stdin")
        return user, sys.stdin.read().rstrip("\r\n")
    return user, password


def _asked_for(app: App, key: str, user: str, password: str) -> tuple[str, str]:
    """What is missing is typed; the password without an echo."""
    if user and password:
        return user, password
    if not app.input_is_terminal():
        raise Failed("Error: Cannot perform an interactive login from a non TTY device")
    import getpass

    if not user:
        if key == HUB_KEY:
            app.print("Log in with your Docker ID.")
        app.print("Username: ", end="")
        app.flush()
        user = sys.stdin.readline().strip()
    if not user:
        raise Failed("username is required")
    password = password or getpass.getpass("Password: ")
    if not password:
        raise Failed("password is required")
    return user, password


COMMAND = Command(
    _run,
    "[OPTIONS] [SERVER]",
    (
        Flag("password", "Password; better typed or read from stdin", short="p"),
        switch("password-stdin", "Read the password from stdin"),
        Flag("username", "User name", short="u"),
    ),
    most=1,
)
