"""The context ``default``: what flags and environment say, without a file."""

from __future__ import annotations

from boxship.cli.contexts.selection import DEFAULT, environment_address
from boxship.cli.contexts.store import DOCKER, Context
from boxship.client.endpoint import DEFAULT_ADDRESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.contexts.store import ContextStore

DESCRIPTION = "Current DOCKER_HOST based configuration"


def default_context(app: App) -> Context:
    hosts = app.options.texts("host")
    address = hosts[0] if hosts else environment_address() or DEFAULT_ADDRESS
    return Context(DEFAULT, {}, {DOCKER: {"Host": address, "SkipTLSVerify": False}})


def read(app: App, store: ContextStore, name: str) -> Context:
    """Any context by its name."""
    return default_context(app) if name == DEFAULT else store.read(name)


def overridden(what: str) -> str:
    """The warning that an address in the environment wins; "" where there is none."""
    import os

    if not os.environ.get("DOCKER_HOST"):
        return ""
    return (
        "Warning: DOCKER_HOST environment variable overrides the active context. "
        f"To use {what}, either set the global --context flag, or unset DOCKER_HOST "
        "environment variable."
    )
