"""The standard streams of one program: from its pipes or pty to its log and attached clients."""

import contextlib
import fcntl
import os
import socket
import struct
import termios
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from boxship.sandbox.client import Client
from boxship.sandbox.failure import StageError
from boxship.sandbox.log.write import LogFile, NoLog
from boxship.sandbox.loop import READ, WRITE, Loop

_CHUNK = 1 << 16
_PIPE_SIZE = 1 << 20
_INPUT_LIMIT = 1 << 17


class Stdio:
    """Both ends of a program's streams. The parent keeps ``outputs`` and ``input``.

    A terminal is made by the child in the container's own devpts; its parent end arrives over a
    socket pair, of which the child's descriptor is ``child_console``.
    """

    def __init__(self, tty: bool, stdin: bool) -> None:
        self.tty = tty
        self.outputs: dict[str, int] = {}
        self.input: int | None = None
        self.child: list[int] = []
        self.child_console: int | None = None
        self._console: socket.socket | None = None
        if tty:
            self._console, child = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.child_console = child.detach()
        else:
            self._open_pipes(stdin)

    def parent_ends(self) -> dict[str, int]:
        """The parent's descriptors by name, for :func:`adopt`."""
        ends = dict(self.outputs)
        if self.input is not None:
            ends["stdin"] = self.input
        if self._console is not None:
            ends["console"] = self._console.fileno()
        return ends

    def take_console(self) -> None:
        """Receive the terminal that the child, which now runs, has made."""
        if self._console is None:
            return
        _, fds, _, _ = socket.recv_fds(self._console, 16, 1)
        self._console.close()
        if not fds:
            raise StageError("the program was killed before it had its terminal", 137)
        os.set_inheritable(fds[0], False)
        self.outputs["stdout"] = self.input = fds[0]

    def _open_pipes(self, stdin: bool) -> None:
        child_in, parent_in = os.pipe2(os.O_CLOEXEC)
        if stdin:
            self.input = parent_in
        else:
            # Not the host's /dev/null: a container could change its mode and owner.
            os.close(parent_in)
        self.child = [child_in]
        for name in ("stdout", "stderr"):
            self.outputs[name], child = os.pipe2(os.O_CLOEXEC)
            with contextlib.suppress(OSError):
                fcntl.fcntl(child, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
            self.child.append(child)

    def close_child(self) -> None:
        """Close the program's ends in the parent, so that their end can be seen."""
        console = () if self.child_console is None else (self.child_console,)
        for fd in {*self.child, *console}:
            os.close(fd)
        self.child, self.child_console = [], None

    def close(self) -> None:
        """Close everything: no program was started."""
        self.close_child()
        for fd in {*self.outputs.values()} | ({self.input} if self.input is not None else set()):
            os.close(fd)
        if self._console is not None:
            self._console.close()


def adopt(ends: dict[str, int]) -> Stdio:
    """The parent's side of what another process has opened; *ends* are its ``parent_ends()``."""
    stdio = Stdio.__new__(Stdio)
    stdio.child, stdio.child_console = [], None
    stdio.input = ends.pop("stdin", None)
    console = ends.pop("console", None)
    stdio.tty = console is not None
    stdio._console = None if console is None else socket.socket(fileno=console)
    stdio.outputs = ends
    return stdio


def resize(fd: int, rows: int, columns: int) -> None:
    """Set the window size of a terminal; zeros leave it."""
    if rows or columns:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Streams:
    """Moves bytes between a :class:`Stdio` and its clients; reading stops while one is behind."""

    def __init__(
        self,
        loop: Loop,
        stdio: Stdio,
        log: LogFile | NoLog,
        stdin_once: bool,
        hold_clients: bool = False,
    ) -> None:
        """*hold_clients*: their connections end with :meth:`release`, not with the output."""
        self._loop = loop
        self._held = hold_clients
        self._stdio = stdio
        self._log = log
        self._stdin_once = stdin_once
        self._clients: list[Client] = []
        self.had_clients = False
        self._open = dict(stdio.outputs)
        self._input = stdio.input
        self._input_queue: deque[memoryview] = deque()
        self._input_bytes = 0
        self._close_input_after = False
        self._paused = False
        self.on_closed: Callable[[], None] = lambda: None
        self.on_detached: Callable[[], None] = lambda: None
        for fd in {*self._open.values()} | ({self._input} if self._input is not None else set()):
            os.set_blocking(fd, False)

    @property
    def log(self) -> LogFile | NoLog:
        return self._log

    def start(self) -> None:
        for name, fd in self._open.items():
            self._loop.watch(fd, READ, partial(self._ready, name))

    def attach(self, fd: int, spec: dict[str, Any]) -> None:
        """Add the client on the socket *fd*, now owned here; with ``logs`` it gets the log first.

        Output waits until the log is sent, so that nothing is missing or doubled in between.
        """
        self.had_clients = True
        client = Client(self._loop, fd, spec | {"tty": self._stdio.tty})
        client.on_input = lambda data: self._take_input(client, data)
        client.on_gone = lambda detached: self._lost(client, detached)
        client.on_drained = self._resume_outputs
        self._clients.append(client)
        if spec.get("logs"):
            client.replay(self._log.history(spec))
            if client.behind:
                self._pause_outputs()
        if spec.get("stream", True) and self._open:
            client.start()
        else:
            client.finish()

    def _lost(self, client: Client, detached: bool) -> None:
        if client in self._clients:
            self._clients.remove(client)
        if detached:
            self.on_detached()

    def _ready(self, name: str, mask: int) -> None:
        self._read(name)

    def _read(self, name: str) -> None:
        try:
            data = os.read(self._open[name], _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close_output(name)
            return
        for client in [*self._clients]:
            client.send(name, data)
        self._log.write(name, data)
        if any(client.behind for client in self._clients):
            self._pause_outputs()

    def _pause_outputs(self) -> None:
        self._paused = True
        for fd in self._open.values():
            self._loop.forget(fd)

    def _resume_outputs(self) -> None:
        if self._paused and not any(client.behind for client in self._clients):
            self._paused = False
            self.start()

    def _close_output(self, name: str) -> None:
        fd = self._open.pop(name)
        self._loop.forget(fd)
        if fd == self._input:
            self._input = None
        os.close(fd)
        if not self._open:
            self._finish()

    def _finish(self) -> None:
        self._close_input()
        self._log.finish()
        if not self._held:
            self.release()
        self.on_closed()

    def release(self) -> None:
        """Let every client go once it has got everything."""
        for client in [*self._clients]:
            client.finish()

    def drain(self) -> None:
        """After the program's end: take what is in the pipes and close, whoever else holds them."""
        self._paused = False
        for name in [*self._open]:
            while name in self._open:
                try:
                    data = os.read(self._open[name], _CHUNK)
                except OSError:
                    data = b""
                if not data:
                    self._close_output(name)
                    break
                for client in [*self._clients]:
                    client.send(name, data)
                self._log.write(name, data)

    @property
    def closed(self) -> bool:
        return not self._open

    @property
    def busy(self) -> bool:
        """Whether a client still has output to be sent."""
        return any(not client.gone for client in self._clients)

    def _take_input(self, client: Client, data: bytes) -> bool:
        if not data:
            self._input_ended(client)
            return True
        if self._input is None:
            return True
        self._input_queue.append(memoryview(data))
        self._input_bytes += len(data)
        self._write_input(0)
        return self._input_bytes < _INPUT_LIMIT

    def _input_ended(self, client: Client) -> None:
        """A client closed its side: close the program's input, or let go of the client (moby)."""
        if not client.wants["stdin"]:
            return
        if self._stdin_once and not self._stdio.tty:
            self._close_input_after = True
            if not self._input_queue:
                self._close_input()
        else:
            client.finish()

    def _write_input(self, mask: int) -> None:
        while self._input_queue and self._input is not None:
            chunk = self._input_queue[0]
            try:
                sent = os.write(self._input, chunk)
            except BlockingIOError:
                self._watch_input()
                return
            except OSError:
                self._close_input()
                return
            self._input_bytes -= sent
            if sent == len(chunk):
                self._input_queue.popleft()
            else:
                self._input_queue[0] = chunk[sent:]
        self._input_written()

    def _watch_input(self) -> None:
        """Wait for room; a pty's descriptor also is the output, so it gets a duplicate."""
        if self._input is not None and self._input in self._open.values():
            self._input = os.dup(self._input)
        if self._input is not None:
            self._loop.watch(self._input, WRITE, self._write_input)

    def _input_written(self) -> None:
        if self._input is not None and self._input not in self._open.values():
            self._loop.forget(self._input)
        if self._close_input_after:
            self._close_input()
        for client in [*self._clients]:
            client.resume_input()

    def _close_input(self) -> None:
        fd, self._input = self._input, None
        self._input_queue.clear()
        self._input_bytes = 0
        if fd is not None and fd not in self._open.values():
            self._loop.forget(fd)
            os.close(fd)

    def resize(self, rows: int, columns: int) -> None:
        if self._stdio.tty and "stdout" in self._open:
            resize(self._open["stdout"], rows, columns)
