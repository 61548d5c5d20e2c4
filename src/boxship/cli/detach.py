"""The keys that leave a container running and give the terminal back."""

from __future__ import annotations

from boxship.base.errors import InvalidParameter

DEFAULT = "ctrl-p,ctrl-q"
_CONTROLS = "@abcdefghijklmnopqrstuvwxyz[\\]^_"


def parse_keys(text: str) -> bytes:
    """``ctrl-p,ctrl-q`` or ``a,b`` as bytes; :class:`InvalidParameter` for an unknown key."""
    return bytes(_key(key, text) for key in text.split(",")) if text else b""


def _key(key: str, text: str) -> int:
    if len(key) == 1 and key.isascii():
        return ord(key)
    if key == "DEL":
        return 127
    letter = key.removeprefix("ctrl-")
    if letter == key or len(letter) != 1 or letter not in _CONTROLS:
        raise InvalidParameter(f"invalid detach keys ({text}): Unknown character: '{key}'")
    return _CONTROLS.index(letter)


class DetachScanner:
    """Finds the key sequence in what is typed, a prefix of it held back until it is decided."""

    def __init__(self, keys: bytes) -> None:
        self._keys = keys
        self._held = 0

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """Bytes to pass on, and whether the sequence is complete (what follows it is dropped)."""
        if not self._keys:
            return data, False
        passed = bytearray()
        for byte in data:
            if byte == self._keys[self._held]:
                self._held += 1
                if self._held == len(self._keys):
                    self._held = 0
                    return bytes(passed), True
                continue
            passed += self._keys[: self._held]
            # The byte that broke one sequence may begin the next.
            self._held = int(byte == self._keys[0])
            if not self._held:
                passed.append(byte)
        return bytes(passed), False
