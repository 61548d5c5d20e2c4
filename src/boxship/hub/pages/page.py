"""Rendering, and the headers that every page has."""

import functools
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import boxship
from boxship.hub.answers import Answer, Headers
from boxship.hub.pages.viewer import Viewer
from boxship.hub.request import Request

_HERE = Path(__file__).parent
SECURITY: Headers = [
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]
_UNITS = ("kB", "MB", "GB", "TB", "PB")


def size(count: int) -> str:
    """Bytes for people, in powers of ten, as registries count."""
    value = float(count)
    if value < 1000:
        return f"{count} B"
    power = 0
    while value >= 999.95 and power < len(_UNITS):
        value, power = value / 1000, power + 1
    return f"{value:.1f} {_UNITS[power - 1]}"


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(size=size, moment=moment)
    return environment


def render(
    request: Request,
    template: str,
    viewer: Viewer,
    *,
    status: int = 200,
    headers: Headers | None = None,
    **values: object,
) -> Answer:
    """The page *template* with *values*, for *viewer*."""
    text = (
        _environment()
        .get_template(template)
        .render(viewer=viewer, version=boxship.__version__, path=request.path, **values)
    )
    head = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        *SECURITY,
        *(headers or []),
    ]
    return Answer(status, head, text.encode("utf-8", "replace"))
