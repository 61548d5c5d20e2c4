"""What both forms of ``POST /build`` read of a request in the same way."""

import base64
import binascii
from typing import Any, TypeVar

import msgspec

from boxship.api.query import Query
from boxship.api.request import Request
from boxship.base.errors import InvalidParameter
from boxship.engine.sharing.sharing import domain_of
from boxship.registry import credentials
from boxship.registry.credentials import Credentials

T = TypeVar("T")
_AUTH_HEADER = "x-registry-config"


def decoded(query: Query, name: str, kind: type[T], default: T) -> T:
    """The JSON of the parameter *name*; *default* where it is missing or null."""
    text = query.get(name)
    if not text:
        return default
    try:
        value = msgspec.json.decode(text.encode("utf-8", "surrogateescape"), type=kind | None)
    except (ValueError, RecursionError) as error:
        raise InvalidParameter(f"error reading {name}: {error}") from None
    return default if value is None else value


def credentials_of(request: Request) -> dict[str, Credentials]:
    """``X-Registry-Config``: a map of registries; what cannot be read counts as nobody."""
    header = request.headers.get(_AUTH_HEADER, "")
    if not header:
        return {}
    try:
        text = header.strip().replace("-", "+").replace("_", "/").rstrip("=")
        data: Any = msgspec.json.decode(base64.b64decode(text + "=" * (-len(text) % 4)))
        return {
            domain_of(server): credentials.make(
                row.get("username"),
                row.get("password"),
                row.get("auth"),
                row.get("identitytoken"),
                row.get("registrytoken"),
            )
            for server, row in data.items()
        }
    except (binascii.Error, ValueError, AttributeError, RecursionError):
        return {}
