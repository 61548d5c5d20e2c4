"""Detach keys: the sequence that leaves a terminal without ending its program."""

from boxship.base.errors import InvalidParameter

DEFAULT = "ctrl-p,ctrl-q"
_CONTROL = {chr(c): c - 96 for c in range(ord("a"), ord("z") + 1)} | {
    "@": 0,
    "[": 27,
    "\\": 28,
    "]": 29,
    "^": 30,
    "_": 31,
}


def parse_keys(text: str) -> bytes:
    """The bytes of a list such as ``ctrl-p,ctrl-q`` or ``a,b``."""
    codes = []
    for key in text.split(","):
        if len(key) == 1:
            codes.append(ord(key) & 0xFF)
        elif key.startswith("ctrl-") and key[5:] in _CONTROL:
            codes.append(_CONTROL[key[5:]])
        else:
            raise InvalidParameter(f"Invalid escape keys ({text}) provided")
    return bytes(codes)


class DetachScanner:
    """Finds the sequence in input that comes in pieces; a beginning is held back until decided."""

    def __init__(self, keys: bytes) -> None:
        self._keys = keys
        self._matched = 0

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """The bytes to pass on, and whether the sequence is complete."""
        if not self._keys:
            return data, False
        if not self._matched and self._keys[:1] not in data:
            return data, False
        passed = bytearray()
        for byte in data:
            if byte == self._keys[self._matched]:
                self._matched += 1
                if self._matched == len(self._keys):
                    return bytes(passed), True
                continue
            passed += self._keys[: self._matched]
            self._matched = 1 if byte == self._keys[0] else 0
            if not self._matched:
                passed.append(byte)
        return bytes(passed), False
