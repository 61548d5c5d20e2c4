"""What every Engine API model shares: PascalCase keys, Go's integer widths, marks for decoding."""

from typing import Annotated, Any

import msgspec


class Model(msgspec.Struct, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """Base of the Engine API's JSON objects.

    Unknown fields are refused here so that :func:`boxship.types.decode.decode` notices keys that
    need Go's case folding; it drops what is unknown to both. ``None`` in a field means that the
    client sent ``null`` or nothing and that Docker prints ``null``.
    """


Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
#: The upper half of Go's range is out of msgspec's bounds, and of every real rate.
Uint64 = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Uint32 = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
Uint16 = Annotated[int, msgspec.Meta(ge=0, le=2**16 - 1)]

#: A list that clients may also send as one string (the old shell form of commands).
StringList = Annotated[list[str] | None, msgspec.Meta(extra={"string_or_list": True})]
Strings = list[str] | None
StringMap = dict[str, str] | None
#: Go's ``map[string]struct{}``: only the keys mean something.
KeySet = dict[str, dict[str, Any]] | None
#: Rows and columns. Go fills a short array with zeroes and drops what is too many.
Size = Annotated[tuple[Uint32, Uint32], msgspec.Meta(extra={"fixed": True})]
