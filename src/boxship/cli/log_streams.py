"""The logs of several containers at once: whole lines, each with its container's name."""

from __future__ import annotations

import queue
import threading

from boxship.base.errors import BoxshipError
from boxship.cli.output.colors import painter
from boxship.cli.pump import write_all
from boxship.client.frames import STDERR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from boxship.cli.app import App
    from boxship.client.client import Client

    # Opens the log of a container; the pieces of its streams, in order.
    Open = Callable[[Client, str], Iterable[tuple[int, bytes]]]

_COLORS = ("cyan", "yellow", "green", "magenta", "blue")


class LineWriter:
    """Writes one container's lines. *lock* keeps lines of different containers whole."""

    def __init__(self, lock: threading.Lock, prefixes: dict[int, bytes]) -> None:
        self._lock = lock
        self._prefixes = prefixes
        self._partial: dict[int, bytes] = {}

    def feed(self, stream: int, data: bytes) -> None:
        """Write the lines that *data* completes; the rest waits for its end."""
        *lines, rest = (self._partial.pop(stream, b"") + data).split(b"\n")
        if rest:
            self._partial[stream] = rest
        if lines:
            self._write(stream, lines)

    def end(self) -> None:
        """Write the lines that have no end."""
        for stream, rest in self._partial.items():
            self._write(stream, [rest])
        self._partial = {}

    def _write(self, stream: int, lines: list[bytes]) -> None:
        prefix = self._prefixes[stream]
        text = b"".join(b"%b%b\n" % (prefix, line) for line in lines)
        with self._lock:
            write_all(stream, text)


def show_many(app: App, names: list[str], open_log: Open, *, follow: bool) -> int:
    """Show the logs of *names* one after another, or all at once to *follow* them.

    A container whose log cannot be read is reported; the others are shown. Return the exit code.
    """
    writers = _writers(app, names)
    app.client.version  # noqa: B018  negotiated once, not by each thread
    ended: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def copy(name: str, client: Client) -> None:
        try:
            for stream, data in open_log(client, name):
                writers[name].feed(stream, data)
            writers[name].end()
            ended.put(None)
        except Exception as error:
            ended.put(error)

    failed = False
    for name in writers:
        if follow:
            threading.Thread(target=copy, args=(name, app.client.fork()), daemon=True).start()
        else:
            copy(name, app.client)
            failed |= _report(app, ended.get())
    for _ in writers if follow else ():
        failed |= _report(app, ended.get())
    return int(failed)


def _report(app: App, error: Exception | None) -> bool:
    if error is None:
        return False
    if not isinstance(error, BoxshipError):
        raise error
    app.warn(str(error))
    return True


def _writers(app: App, names: list[str]) -> dict[str, LineWriter]:
    lock = threading.Lock()
    width = max(map(len, names))
    paint = {1: painter(app.output_is_terminal()), STDERR: painter(app.errors_are_terminal())}
    return {
        name: LineWriter(
            lock,
            {
                stream: paint[stream](f"{name:<{width}} |", _COLORS[at % len(_COLORS)]).encode(
                    "utf-8", "surrogateescape"
                )
                + b" "
                for stream in paint
            },
        )
        for at, name in enumerate(dict.fromkeys(names))
    }
