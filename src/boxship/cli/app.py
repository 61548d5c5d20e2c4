"""What every command is handed: the client, the streams, and what the user's terminal can do."""

from __future__ import annotations

import os
import sys

from boxship.cli.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.client.client import Client


class App:
    """Connects at the first use of :attr:`client`, starting the daemon where that is ours to do."""

    __slots__ = ("_client", "options", "settings")

    def __init__(self, options: Arguments) -> None:
        self.options = options
        self.settings = Settings(options.text("config"))
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        if self._client is None:
            from boxship.cli.connect import connect

            self._client = connect(self.options, self.settings)
        return self._client

    @property
    def context(self) -> str:
        """The name of the context in use."""
        from boxship.cli.contexts.selection import chosen_context

        return chosen_context(self.options, self.settings)

    def format(self, arguments: Arguments, setting: str) -> str:
        """``--format``, or what ``config.json`` has for this listing; ids alone have no format."""
        given = arguments.text("format")
        if given or arguments.on("quiet"):
            return given
        return self.settings.text(setting)

    def detach_keys(self, arguments: Arguments) -> str:
        return arguments.text("detach-keys") or self.settings.text("detachKeys")

    def print(self, text: str = "", end: str = "\n") -> None:
        sys.stdout.write(text + end)

    def flush(self) -> None:
        sys.stdout.flush()

    def warn(self, text: str) -> None:
        """A line on standard error."""
        sys.stdout.flush()
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def input_is_terminal(self) -> bool:
        return _is_terminal(0)

    def output_is_terminal(self) -> bool:
        return _is_terminal(1)

    def errors_are_terminal(self) -> bool:
        return _is_terminal(2)


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False
