"""``boxship version``: both sides' versions."""

from __future__ import annotations

import os
import sys

from boxship import __version__
from boxship.base.errors import BoxshipError, InvalidParameter
from boxship.cli.command import Command
from boxship.cli.flags.flag import object_format

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_ENGINE_LINES = (
    ("Version", "Version"),
    ("API version", "ApiVersion"),
    ("Go version", "GoVersion"),
    ("Python version", "PythonVersion"),
    ("Git commit", "GitCommit"),
    ("Built", "BuildTime"),
    ("OS/Arch", "OS/Arch"),
    ("Experimental", "Experimental"),
)


def one_line() -> str:
    return f"Boxship version {__version__}, Python {_python()}"


def _python() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _run(app: App, arguments: Arguments) -> int:
    server, error = _ask(app)
    template = arguments.text("format")
    client = _client(app, server)
    if template:
        app.print(_formatted(app, template, {"Client": client, "Server": server}))
    else:
        app.print(_client_text(client) + (_server_text(server) if server else ""), end="")
    if error:
        app.warn(str(error))
        return 1
    return 0


def _ask(app: App) -> tuple[dict[str, Any] | None, BoxshipError | None]:
    try:
        return app.client.json("GET", "/version"), None
    except BoxshipError as error:
        return None, error


def _client(app: App, server: dict[str, Any] | None) -> dict[str, Any]:
    from boxship.client.client import NEWEST

    newest = _dotted(NEWEST)
    system = os.uname()
    return {
        "Version": __version__,
        "ApiVersion": _dotted(app.client.version) if server else newest,
        "DefaultAPIVersion": newest,
        "PythonVersion": _python(),
        "Os": "linux",
        "Arch": ARCHITECTURES.get(system.machine, system.machine),
        "Context": app.context,
    }


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _client_text(client: dict[str, Any]) -> str:
    api = client["ApiVersion"]
    if api != client["DefaultAPIVersion"]:
        api += f" (downgraded from {client['DefaultAPIVersion']})"
    return "Client:\n" + _lines(
        1,
        (
            ("Version", client["Version"]),
            ("API version", api),
            ("Python version", client["PythonVersion"]),
            ("OS/Arch", f"{client['Os']}/{client['Arch']}"),
            ("Context", client["Context"]),
        ),
    )


def _server_text(server: dict[str, Any]) -> str:
    platform = (server.get("Platform") or {}).get("Name", "")
    text = f"\nServer: {platform}\n" if platform else "\nServer:\n"
    for component in server.get("Components") or []:
        text += f" {component['Name']}:\n" + _lines(2, _component_lines(component))
    return text


def _component_lines(component: dict[str, Any]) -> list[tuple[str, str]]:
    details = {"Version": component["Version"], **(component.get("Details") or {})}
    if component["Name"] != "Engine":
        extra = [(name, value) for name, value in details.items() if name != "Version"]
        return [("Version", component["Version"]), *sorted(extra)]
    details["OS/Arch"] = f"{details.get('Os')}/{details.get('Arch')}"
    details["BuildTime"] = _built(details.get("BuildTime", ""))
    if "MinAPIVersion" in details:
        details["ApiVersion"] += f" (minimum version {details['MinAPIVersion']})"
    return [(title, details[name]) for title, name in _ENGINE_LINES if details.get(name)]


def _built(text: str) -> str:
    """The C library's form of an RFC 3339 time; anything else stays."""
    if not text:
        return ""
    from datetime import datetime

    try:
        # Nine digits of a second are more than Python reads.
        moment = datetime.fromisoformat(text.replace(".000000000", ""))
    except ValueError:
        return text
    return moment.strftime("%a %b %e %H:%M:%S %Y")


def _lines(indent: int, pairs: Any) -> str:
    margin, width = " " * indent, 20 - indent
    return "".join(f"{margin}{title + ':':<{width}}{value}\n" for title, value in pairs)


def _formatted(app: App, template: str, both: dict[str, Any]) -> str:
    from boxship.cli.output.objects import render

    try:
        return render(template, both)
    except InvalidParameter:
        app.print()
        raise


COMMAND = Command(_run, "[OPTIONS]", (object_format(),))
