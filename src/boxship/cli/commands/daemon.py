"""``boxship daemon``: becomes the daemon, which has flags of its own."""

from __future__ import annotations

import os
import sys

from boxship.cli.command import MANY, Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    """Never returns: the process keeps its id, which service managers watch."""
    sys.stdout.flush()
    os.execv(
        sys.executable,
        [sys.executable, "-P", "-m", "boxship.daemon", *_hosts(app), *arguments.positional],
    )


def _hosts(app: App) -> list[str]:
    """``boxship -H … daemon`` means the same as ``boxship daemon -H …``."""
    return [word for host in app.options.texts("host") for word in ("-H", host)]


COMMAND = Command(_run, "[OPTIONS]", most=MANY, verbatim=True)
