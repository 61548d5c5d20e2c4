"""What is said when a build is over: what its rules found, and where it failed."""

from __future__ import annotations

from binascii import a2b_base64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.builds.views.steps import Steps

_LAST_LINES = 20
_RULE = "-" * 6


def warnings_text(rows: list[dict[str, Any]]) -> str:
    """A line each, below one that counts them; empty without any."""
    if not rows:
        return ""
    count = "1 warning" if len(rows) == 1 else f"{len(rows)} warnings"
    lines = [f" - {a2b_base64(row['short']).decode('utf-8', 'replace')}" for row in rows]
    return "\n".join([f"\n {count} found (use boxship build --check to expand):", *lines, ""])


def failure_text(steps: Steps) -> str:
    """The end of what the steps said that failed."""
    pieces = []
    for step in steps.started:
        if not step.error or step.error == "context canceled":
            continue
        lines = step.output.splitlines()[-_LAST_LINES:]
        pieces.append("\n".join([_RULE, f" > {step.name}:", *lines, _RULE, ""]))
    return "".join(pieces)
