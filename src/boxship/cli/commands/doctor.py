"""``boxship doctor``: what this machine can and cannot do, and how to mend it."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.flags.flag import switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.doctor.report import Report
    from boxship.cli.flags.arguments import Arguments

DATA_ROOT = "/var/lib/boxship"


def _run(app: App, arguments: Arguments) -> int:
    from boxship.cli.doctor.finding import FAIL
    from boxship.cli.doctor.report import as_json, as_lines, verdict

    report = _report(app)
    if arguments.on("json"):
        import json

        app.print(json.dumps(as_json(report), indent=4, ensure_ascii=False))
    else:
        from boxship.cli.output.colors import painter

        app.print("\n".join(as_lines(report, painter(app.output_is_terminal()))))
    return int(verdict(report) == FAIL)


def _report(app: App) -> Report:
    """Nothing is started to be looked at, and another machine's daemon makes ours irrelevant."""
    from boxship.cli.connect import chosen_target
    from boxship.cli.doctor import daemon
    from boxship.cli.doctor.machine import Machine
    from boxship.cli.doctor.report import examine

    target = chosen_target(app.options, app.settings)
    client = target.client()
    info, error = daemon.ask(client)
    found = list(daemon.findings(target.address, target.own, info, error))
    local = client.endpoint.scheme == "unix"
    report = examine(Machine(), info.get("DockerRootDir") or DATA_ROOT) if local else []
    return [*report, ("Daemon", found)]


COMMAND = Command(
    _run,
    "[OPTIONS]",
    (switch("json", "Print as JSON"),),
    notes="Each line is ok, warn or fail; the exit code is 1 where one fails. Nothing is changed.",
)
