"""Making a container out of parsed ``run`` or ``create`` flags, its image fetched if need be."""

from __future__ import annotations

import os

from boxship.base.errors import InvalidParameter, NotFound
from boxship.cli import terminal
from boxship.cli.errors import ENGINE_FAILED, Failed
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.references import reference_error, with_default_tag
from boxship.cli.run_flags.table import create_body
from boxship.cli.run_flags.windows import OtherSystem
from boxship.client.errors import daemon_message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body

PULL_POLICIES = ("always", "missing", "never", "")
# How the daemon says that the image is not there, or not for the platform.
_MISSING = ("No such image", "does not provide the specified platform")
# How it says that what was asked for is no platform.
_NO_PLATFORM = ("unknown operating system or architecture", "platform specifier")
FLAGS = (
    Flag("pull", "When to fetch the image: always, missing or never", default="missing"),
    switch("quiet", "Show nothing of fetching the image", "q"),
)


def body_of(app: App, arguments: Arguments, verb: str) -> Body:
    """The create body; wrong values of flags end the command *verb* with exit code 125."""
    try:
        return _body(app, arguments)
    except OtherSystem:
        raise
    except Failed as error:
        raise Failed(with_pointer(error, verb), ENGINE_FAILED) from None


def with_pointer(error: Exception, verb: str) -> str:
    """The error as a sentence, and where to read on."""
    return f"boxship: {str(error).removesuffix('.')}.\nSee 'boxship {verb} --help'."


def _body(app: App, arguments: Arguments) -> Body:
    image, *command = arguments.positional
    if not image:
        raise Failed("invalid reference format")
    pull = arguments.text("pull")
    if pull not in PULL_POLICIES:
        raise Failed(
            f'invalid pull option: \'{pull}\': must be one of "always", "missing" or "never"'
        )
    body = create_body(arguments, image, command)
    if app.settings.table("proxies"):
        from boxship.cli.connect import chosen_target
        from boxship.cli.proxies import proxy_variables

        address = chosen_target(app.options, app.settings).address
        given = body.get("Env", [])
        body["Env"] = given + proxy_variables(app.settings, address, given)
    body["HostConfig"]["ConsoleSize"] = list(terminal.size())
    return body


def create(app: App, arguments: Arguments, body: Body) -> str:
    """The new container's id. Warnings of the daemon go to standard error."""
    cidfile = arguments.text("cidfile")
    if cidfile:
        _check_cidfile(cidfile)
    _warn(app, body["HostConfig"])
    if arguments.text("pull") == "always":
        _pull(app, arguments, body["Image"])
    answer = _create(app, arguments, body)
    for warning in answer.get("Warnings") or []:
        app.warn(f"WARNING: {warning}")
    if cidfile:
        _write(cidfile, answer["Id"])
    return str(answer["Id"])


def _check_cidfile(path: str) -> None:
    if os.path.exists(path):
        raise InvalidParameter(
            f"container ID file found, make sure the other container isn't running or delete {path}"
        )
    if not os.path.isdir(os.path.dirname(path) or "."):
        raise InvalidParameter(
            f"failed to create the container ID file: open {path}: no such file or directory"
        )


def _warn(app: App, host: Body) -> None:
    if host.get("OomKillDisable") and not host.get("Memory"):
        app.warn(
            "WARNING: Disabling the OOM killer on containers without setting a '-m/--memory' limit "
            "may be dangerous."
        )


def _create(app: App, arguments: Arguments, body: Body) -> Body:
    query = {
        "name": arguments.text("name") or None,
        "platform": arguments.text("platform") or None,
    }
    try:
        return _post(app, query, body)
    except NotFound as error:
        missing = any(words in daemon_message(error) for words in _MISSING)
        if not missing or arguments.text("pull") not in ("missing", ""):
            raise
    app.warn(f"Unable to find image '{with_default_tag(body['Image'])}' locally")
    _pull(app, arguments, body["Image"])
    return _post(app, query, body)


def _post(app: App, query: dict[str, str | None], body: Body) -> Body:
    try:
        answer: Body = app.client.json("POST", "/containers/create", query, body)
    except InvalidParameter as error:
        said = reference_error(error)
        if any(words in said for words in _NO_PLATFORM):
            said = f"error parsing specified platform: {daemon_message(error)}"
        raise InvalidParameter(said) from None
    return answer


def _pull(app: App, arguments: Arguments, image: str) -> None:
    from boxship.cli.pull import pull

    pull(app, image, arguments.text("platform"), quiet=arguments.on("quiet"), descriptor=2)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
