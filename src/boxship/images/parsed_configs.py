"""Image configurations that have been parsed, as many as fit into a number of bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

Document = Mapping[str, Any]


class ParsedConfigs:
    """What *parse* made of the last configurations that were asked for: of *most* bytes together,
    as they are written, and always of the very last. For any thread."""

    def __init__(self, parse: Callable[[bytes], Document], most: int) -> None:
        self._parse = parse
        self._most = most
        self._size = 0
        self._known: OrderedDict[bytes, Document] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, raw: bytes) -> Document:
        with self._lock:
            known = self._known.get(raw)
            if known is not None:
                self._known.move_to_end(raw)
                return known
        document = self._parse(raw)
        with self._lock:
            if raw not in self._known:
                self._known[raw] = document
                self._size += len(raw)
            while self._size > self._most and len(self._known) > 1:
                gone, _ = self._known.popitem(last=False)
                self._size -= len(gone)
        return document
