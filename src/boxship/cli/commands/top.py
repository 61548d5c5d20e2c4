"""``boxship top``: the processes of a container, as ps on the host shows them."""

from __future__ import annotations

from boxship.cli.command import MANY, Command
from boxship.cli.output.columns import align
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments

# Wider than other tables, as in Docker's.
MINIMUM = 20


def _run(app: App, arguments: Arguments) -> int:
    name, *ps = arguments.positional
    query = {"ps_args": " ".join(ps) or None}
    answer = app.client.json("GET", paths.container(name, "top"), query)
    rows = [answer["Titles"], *(answer["Processes"] or [])]
    app.print("\n".join(align(["\t".join(row) for row in rows], MINIMUM)))
    return 0


COMMAND = Command(_run, "CONTAINER [ps OPTIONS]", least=1, most=MANY, interspersed=False)
