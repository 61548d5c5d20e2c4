"""``boxship context inspect``: everything about contexts."""

from __future__ import annotations

import json

from boxship.base.errors import BoxshipError, InvalidParameter
from boxship.cli.command import MANY, Command
from boxship.cli.contexts.default import read
from boxship.cli.contexts.selection import DEFAULT
from boxship.cli.contexts.store import ContextStore
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import object_format

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.contexts.store import Context
    from boxship.cli.flags.arguments import Arguments

NO_FILE = "<IN MEMORY>"


def _run(app: App, arguments: Arguments) -> int:
    store = ContextStore(app.settings.directory)
    found, errors = [], []
    for name in arguments.positional or [app.context]:
        try:
            found.append(_shown(store, read(app, store, name)))
        except BoxshipError as error:
            errors.append(str(error))
    _print(app, found, arguments.text("format"))
    if errors:
        raise Failed("\n".join(errors))
    return 0


def _shown(store: ContextStore, context: Context) -> dict[str, Any]:
    files = context.name != DEFAULT
    return {
        **context.document(),
        "TLSMaterial": {endpoint: sorted(names) for endpoint, names in context.tls.items()},
        "Storage": {
            "MetadataPath": store.meta_path(context.name) if files else NO_FILE,
            "TLSPath": store.tls_path(context.name) if files else NO_FILE,
        },
    }


def _print(app: App, found: list[dict[str, Any]], template: str) -> None:
    if template in ("", "json"):
        text = json.dumps(
            found,
            indent=None if template else 4,
            separators=(",", ":") if template else None,
            ensure_ascii=False,
        )
        # Go's encoder writes these so that JSON may stand in HTML.
        for character in "<>&":
            text = text.replace(character, f"\\u{ord(character):04x}")
        app.print(text)
        return
    from boxship.cli.output.objects import compiled

    shown = compiled(template)
    texts, errors = [], []
    for item in found:
        try:
            texts.append(shown.render(item))
        except InvalidParameter as error:
            errors.append(f"template parsing error: {error}")
    app.print("\n".join(texts))
    if errors:
        raise Failed("\n".join(errors))


COMMAND = Command(_run, "[OPTIONS] [CONTEXT...]", (object_format(),), most=MANY)
