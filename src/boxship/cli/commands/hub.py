"""``boxship hub``: becomes the registry server, which has commands and flags of its own."""

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
    os.execv(sys.executable, [sys.executable, "-P", "-m", "boxship.hub", *arguments.positional])


COMMAND = Command(_run, "COMMAND [OPTIONS]", most=MANY, verbatim=True)
