"""All topics in their order, and the report as text and as JSON."""

from __future__ import annotations

from boxship.cli.doctor import cgroups, firewall, kernel, namespaces, programs, security, storage
from boxship.cli.doctor.finding import FAIL, OK, WARN, worst

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from boxship.cli.doctor.finding import Finding
    from boxship.cli.doctor.machine import Machine

    Report = list[tuple[str, list[Finding]]]

COLORS = {OK: "green", WARN: "yellow", FAIL: "red"}


def examine(machine: Machine, data_root: str) -> Report:
    """What can be seen from here, without the daemon."""
    return [
        ("Kernel", list(kernel.findings(machine))),
        ("Control groups", list(cgroups.findings(machine))),
        ("Namespaces", list(namespaces.findings(machine))),
        ("Security", list(security.findings(machine))),
        ("Network", list(firewall.findings(machine))),
        ("Storage", list(storage.findings(machine, data_root))),
        ("Programs and libraries", list(programs.findings(machine))),
    ]


def verdict(report: Report) -> str:
    return worst([found for _, findings in report for found in findings])


def as_json(report: Report) -> dict[str, Any]:
    return {
        "status": verdict(report),
        "checks": [
            {
                "topic": topic,
                "check": found.check,
                "status": found.status,
                "detail": found.detail,
                "mend": found.mend,
            }
            for topic, findings in report
            for found in findings
        ],
    }


def as_lines(report: Report, paint: Callable[[str, str], str]) -> Iterator[str]:
    """*paint* gives a text a colour, or leaves it."""
    width = max(len(found.check) for _, findings in report for found in findings)
    for topic, findings in report:
        yield paint(topic, "bold")
        for found in findings:
            status = paint(f"{found.status:<4}", COLORS[found.status])
            yield f"  {status}  {found.check:<{width}}  {found.detail}"
            if found.mend:
                yield f"  {'':<4}  {'':<{width}}  → {found.mend}"
    yield ""
    yield _summary(report)


def _summary(report: Report) -> str:
    statuses = [found.status for _, findings in report for found in findings]
    failed, warned = statuses.count(FAIL), statuses.count(WARN)
    if failed:
        return f"{failed} of {len(statuses)} checks failed, {warned} ask for attention."
    if warned:
        return f"Containers can run; {warned} of {len(statuses)} checks ask for attention."
    return f"All {len(statuses)} checks are well."
