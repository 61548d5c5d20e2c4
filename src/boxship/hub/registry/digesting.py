"""Digests of uploads that are between two chunks.

Only a saving: where the next chunk goes to another process, or the state was dropped, the bytes
are read again.
"""

import hashlib
from collections import OrderedDict

from boxship.hub.storage.blobs import Hash

_MOST = 1000


class Digesting:
    """Hash states by upload, valid for exactly the number of bytes that they have seen."""

    def __init__(self) -> None:
        self._states: OrderedDict[str, tuple[int, str, Hash]] = OrderedDict()

    def take(self, key: str, offset: int, algorithm: str) -> Hash | None:
        """The state behind *offset* bytes, which is the caller's then; None if it is not known."""
        if offset == 0:
            self._states.pop(key, None)
            return hashlib.new(algorithm)
        found = self._states.pop(key, None)
        return found[2] if found is not None and found[:2] == (offset, algorithm) else None

    def keep(self, key: str, offset: int, algorithm: str, state: Hash) -> None:
        self._states[key] = (offset, algorithm, state)
        if len(self._states) > _MOST:
            self._states.popitem(last=False)
