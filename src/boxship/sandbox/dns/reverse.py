"""Names of addresses below ``in-addr.arpa`` and ``ip6.arpa`` (RFC 1035 3.5, RFC 3596 2.5)."""

_V4, _V6 = ".in-addr.arpa", ".ip6.arpa"
_DIGITS = frozenset("0123456789abcdef")


def address_of(name: str) -> bytes | None:
    """The packed address that *name* (in lower case) is the name of, if it is one."""
    if name.endswith(_V4):
        parts = name.removesuffix(_V4).split(".")
        if len(parts) == 4 and all(p.isascii() and p.isdigit() and len(p) < 4 for p in parts):
            numbers = [int(part) for part in reversed(parts)]
            return bytes(numbers) if max(numbers) < 256 else None
    elif name.endswith(_V6):
        digits = name.removesuffix(_V6).split(".")
        if len(digits) == 32 and all(digit in _DIGITS for digit in digits):
            return bytes.fromhex("".join(reversed(digits)))
    return None
