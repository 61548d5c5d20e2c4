"""``--format`` of a single object (inspect, info, version)."""

from __future__ import annotations

from boxship.base.errors import InvalidParameter
from boxship.cli.template.template import Template


def render(source: str, value: object) -> str:
    """*value* by *source*; the word ``json`` stands for ``{{json .}}``."""
    return compiled(source).render(value)


def compiled(source: str) -> Template:
    try:
        return Template("{{json .}}" if source == "json" else source)
    except InvalidParameter as error:
        raise InvalidParameter(f"template parsing error: {error}") from None
