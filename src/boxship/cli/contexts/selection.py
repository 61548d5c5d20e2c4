"""Which context a command line means. Imported by every command: nothing here is slow."""

from __future__ import annotations

import os

from boxship.cli.errors import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.settings import Settings

# What every client has without a file: the address that flags and environment give.
DEFAULT = "default"
ADDRESS_VARIABLES = ("BOXSHIP_HOST", "DOCKER_HOST")


def chosen_context(options: Arguments, settings: Settings) -> str:
    """The name, in Docker's order: ``-c``, ``-H``, the environment's address, its context, and
    the one that ``context use`` wrote down."""
    named = options.text("context")
    hosts = options.texts("host")
    if named and hosts:
        raise Failed("conflicting options: either specify --host or --context, not both")
    if named:
        return named
    if hosts or environment_address():
        return DEFAULT
    return os.environ.get("DOCKER_CONTEXT") or settings.text("currentContext") or DEFAULT


def environment_address() -> str:
    found = (os.environ.get(name) for name in ADDRESS_VARIABLES)
    return next((address for address in found if address), "")
