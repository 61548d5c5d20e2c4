"""``boxship context ls``: list contexts."""

from __future__ import annotations

import json
import re

from boxship.cli.command import Command
from boxship.cli.contexts.default import DESCRIPTION, default_context, overridden
from boxship.cli.contexts.selection import DEFAULT
from boxship.cli.contexts.store import ContextStore
from boxship.cli.flags.flag import listing_format, switch
from boxship.cli.listings import contexts as listings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.contexts.store import Context
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    rows = sorted(_rows(app), key=lambda row: _natural(row["Name"]))
    template = arguments.text("format")
    if arguments.on("quiet"):
        app.print("".join(f"{row['Name']}\n" for row in rows), end="")
    elif template == "json":
        app.print("".join(f"{_json(row)}\n" for row in rows), end="")
    else:
        app.print(listings.contexts().shown(template, rows, listings.DEFAULT), end="")
    warning = overridden("a context")
    if warning and app.context == DEFAULT:
        app.warn(warning)
    return 0


def _rows(app: App) -> list[dict[str, Any]]:
    store = ContextStore(app.settings.directory)
    current, names = app.context, store.names()
    rows = [_row(default_context(app), current, DESCRIPTION)]
    rows += [_row(context, current, context.description) for context in map(store.read, names)]
    if current not in (DEFAULT, *names):
        rows.append(_missing(store, current))
    return rows


def _row(context: Context, current: str, description: str) -> dict[str, Any]:
    return {
        "Name": context.name,
        "Description": description,
        "DockerEndpoint": context.host,
        "Current": context.name == current,
        "Error": "",
        "ContextType": "moby",
    }


def _missing(store: ContextStore, name: str) -> dict[str, Any]:
    """The context in use, whose file is not there."""
    path = f"{store.meta_path(name)}/meta.json"
    error = f'context "{name}": context not found: open {path}: no such file or directory'
    values = (name, "", "", True, error, "")
    return dict(zip(listings.FIELDS, values, strict=True))


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Numbers inside names count as numbers: ``a2`` before ``a10``."""
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False)


COMMAND = Command(_run, "[OPTIONS]", (listing_format(), switch("quiet", "Show only names", "q")))
