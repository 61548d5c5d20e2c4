"""A container in the foreground: attach, start, pump, and its exit code."""

from __future__ import annotations

import contextlib

from boxship.base.errors import BoxshipError, NotFound
from boxship.cli import terminal
from boxship.cli.detach import DEFAULT, DetachScanner, parse_keys
from boxship.cli.errors import ENGINE_FAILED, Failed
from boxship.cli.pump import Pump
from boxship.cli.signals import Handlers
from boxship.client import paths
from boxship.client.errors import ConnectionLost
from boxship.client.jsontext import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boxship.cli.app import App
    from boxship.client.client import Client
    from boxship.client.hijack import Hijacked
    from boxship.client.http import Answer


class Attachment:
    """What is attached to, and how. ``removes``: the container goes when it ends."""

    __slots__ = (
        "container",
        "detach_keys",
        "removes",
        "signals",
        "stderr",
        "stdin",
        "stdout",
        "tty",
    )

    def __init__(
        self,
        container: str,
        *,
        tty: bool,
        stdin: bool,
        stdout: bool,
        stderr: bool,
        detach_keys: str = "",
        signals: bool = True,
        removes: bool = False,
    ) -> None:
        self.container = container
        self.tty = tty
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.detach_keys = detach_keys
        self.signals = signals
        self.removes = removes

    def open(self, client: Client) -> Hijacked:
        query = {
            "stream": True,
            "stdin": self.stdin,
            "stdout": self.stdout,
            "stderr": self.stderr,
            "detachKeys": self.detach_keys or None,
        }
        return client.hijack(paths.container(self.container, "attach"), query, tty=self.tty)


def run_attached(
    app: App, attachment: Attachment, start: Callable[[], object], detached: str = ""
) -> int:
    """Attach, wait in the background, :func:`start`, pump; the container's exit code.

    Returns 0 when the user detached, or fails with the text *detached* if there is one. An error
    of :func:`start` passes through, the terminal put back and, where the container removes itself,
    that waited for.
    """
    scanner = scanner_for(attachment.tty, attachment.detach_keys)
    with contextlib.ExitStack() as stack:
        raw = enter_raw(app, stack, attachment.tty and attachment.stdin)
        stream = attachment.open(app.client)
        stack.callback(stream.close)
        waiting = Waiting(app.client, attachment.container, attachment.removes)
        handlers = stack.enter_context(Handlers())
        forward_signals(handlers, app.client, attachment)
        _start(start, waiting, attachment.removes)
        follow_size(handlers, app, attachment.tty, paths.container(attachment.container, "resize"))
        pump = Pump(stream, 0 if attachment.stdin else None, scanner)
        if not pump.run():
            if detached:
                raise Failed(detached)
            return 0
        if raw is not None:
            raw.restore()
        return waiting.exit_code()


def _start(start: Callable[[], object], waiting: Waiting, removes: bool) -> None:
    try:
        start()
    except BoxshipError:
        if removes:
            with contextlib.suppress(BoxshipError):
                waiting.exit_code()
        raise


def scanner_for(tty: bool, keys: str) -> DetachScanner | None:
    """Only a terminal's input is searched for the keys; files may hold them as data."""
    parsed = parse_keys(keys or DEFAULT)
    return DetachScanner(parsed) if tty else None


def enter_raw(app: App, stack: contextlib.ExitStack, wanted: bool) -> terminal.RawTerminal | None:
    if not (wanted and app.input_is_terminal()):
        return None
    return stack.enter_context(terminal.RawTerminal(0))


def forward_signals(handlers: Handlers, client: Client, attachment: Attachment) -> None:
    if not attachment.signals:
        return
    path = paths.container(attachment.container, "kill")
    # A handler may run in the middle of a request: it has a client of its own.
    handlers.proxy(lambda name: client.fork().call("POST", path, {"signal": name}).read())


def follow_size(handlers: Handlers, app: App, tty: bool, path: str) -> None:
    """Give the container this terminal's size now and whenever it changes."""
    if not (tty and app.output_is_terminal()):
        return

    def resize() -> None:
        rows, columns = terminal.size()
        if rows or columns:
            app.client.fork().call("POST", path, {"h": rows, "w": columns}).read()

    handlers.on_resize(resize)
    with contextlib.suppress(BoxshipError):
        resize()


class Waiting:
    """A wait request that is under way, on a connection of its own, since before the start."""

    def __init__(self, client: Client, container: str, removes: bool) -> None:
        self._client = client.fork()
        self._path = paths.container(container, "wait")
        self._answer = self._ask("removed" if removes else "next-exit")

    def _ask(self, condition: str) -> Answer:
        return self._client.call("POST", self._path, {"condition": condition})

    def exit_code(self) -> int:
        """Blocks until the container has ended. A daemon that was replaced meanwhile is asked
        again."""
        try:
            body = self._answer.read()
        except ConnectionLost:
            try:
                body = self._ask("not-running").read()
            except NotFound:
                return ENGINE_FAILED
        return _exit_code(body)


def _exit_code(body: bytes) -> int:
    result = loads(body)
    if result.get("Error"):
        return ENGINE_FAILED
    return int(result["StatusCode"])
