"""The exec sessions of one container."""

import contextlib
import json
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

from boxship.sandbox import exec_process, messages
from boxship.sandbox.failure import StageError
from boxship.sandbox.forked import become_child
from boxship.sandbox.later import Later
from boxship.sandbox.log.write import NoLog
from boxship.sandbox.loop import READ, Loop
from boxship.sandbox.streams import Stdio, Streams

if TYPE_CHECKING:
    from boxship.sandbox.shim import Shim

_REPORT_SIZE = 1 << 16


class _Session:
    def __init__(self, exec_id: str, pid: int, streams: Streams) -> None:
        self.id = exec_id
        self.pid = pid
        self.streams = streams


class _Beginning:
    """A process on its way to the session's program. It may take as long as it likes: that it
    joins a frozen container must not keep the shim from answering others."""

    def __init__(
        self, request: dict[str, Any], client: int | None, stdio: Stdio, report: int, answer: Later
    ) -> None:
        """Owns *client*, a socket, *stdio* and *report*, where its failure comes or end of file."""
        self.id: str = request["exec"]
        self.spec = request["client"]
        self.client = client
        self.stdio = stdio
        self.report = report
        self.answer = answer
        self.told = b""
        self.size: tuple[int, int] | None = None

    def listen(self, loop: Loop) -> bool:
        """Take what is reported; True at the end of that."""
        data = os.read(self.report, _REPORT_SIZE)
        self.told += data
        if not data:
            loop.forget(self.report)
            os.close(self.report)
            self.report = -1
        return not data

    def take_program(self) -> None:
        """Own the streams of the program, which runs; :class:`StageError` if it never will."""
        if self.told:
            failed = json.loads(self.told)
            code, number = failed.get("code", 126), failed.get("errno", 0)
            raise StageError(failed["message"], code, number)
        self.stdio.take_console()

    def close(self) -> None:
        self.stdio.close()
        if self.client is not None:
            os.close(self.client)


class Execs:
    def __init__(self, shim: "Shim") -> None:
        self._shim = shim
        self._beginning: dict[int, _Beginning] = {}
        self._sessions: dict[int, _Session] = {}
        self._finishing: list[Streams] = []

    def start(self, request: dict[str, Any], fds: list[int]) -> Later:
        """Run ``request["process"]``; *fds*: the seccomp filter, then the client's socket.

        Answers ``pid`` once the program runs, or :class:`StageError`.
        """
        if self._shim.exited:
            raise StageError("container is not running")
        filter_program = messages.read_all(fds.pop(0)) if request["filtered"] else None
        stdio = Stdio(request["tty"], request["stdin"])
        try:
            pid, report = self._fork(request, stdio, filter_program)
        except BaseException:
            stdio.close()
            raise
        client = fds.pop(0) if fds else None
        begun = _Beginning(request, client, stdio, report, Later())
        self._beginning[pid] = begun
        self._shim.loop.watch(report, READ, partial(self._reported, pid))
        return begun.answer

    def _reported(self, pid: int, mask: int) -> None:
        begun = self._beginning[pid]
        if begun.listen(self._shim.loop) and not begun.told:
            self._begun(pid)

    def _begun(self, pid: int) -> None:
        """The program runs, or its process has ended without."""
        begun = self._beginning.pop(pid)
        try:
            begun.take_program()
        except StageError as error:
            begun.close()
            begun.answer.refuse(error)
            return
        streams = Streams(self._shim.loop, begun.stdio, NoLog(), True, hold_clients=True)
        session = self._sessions[pid] = _Session(begun.id, pid, streams)
        streams.on_detached = lambda: self._detached(session)
        if begun.size is not None:
            streams.resize(*begun.size)
        if begun.client is not None:
            streams.attach(begun.client, begun.spec)
        streams.start()
        begun.answer.give({"pid": pid})

    def _detached(self, session: _Session) -> None:
        self._shim.control.broadcast({"event": "exec-detached", "exec": session.id})

    def _fork(
        self, request: dict[str, Any], stdio: Stdio, filter_program: bytes | None
    ) -> tuple[int, int]:
        """The pid of the new process, and where it reports."""
        cgroup_files = self._shim.group.open_join_files()
        read_end, write_end = os.pipe2(os.O_CLOEXEC)
        pidfd = self._shim.pidfd
        pid = os.fork()
        if pid == 0:
            user = self._shim.spec.get("user_namespace")
            console = stdio.child_console
            keep = {write_end, pidfd, *cgroup_files, *stdio.child}
            become_child(keep | ({console} if console is not None else set()))
            exec_process.main(
                request | {"container": self._shim.spec["id"], "user_namespace": user},
                pidfd,
                cgroup_files,
                console,
                stdio.child,
                filter_program,
                write_end,
            )
        for fd in (write_end, *cgroup_files):
            os.close(fd)
        stdio.close_child()
        return pid, read_end

    def running(self) -> dict[str, int]:
        return {session.id: session.pid for session in self._sessions.values()}

    @property
    def busy(self) -> bool:
        under_way = self._beginning or self._sessions
        return bool(under_way) or any(streams.busy for streams in self._finishing)

    def ended(self, pid: int, code: int) -> None:
        """Called with every reaped pid; those of no session are orphans."""
        begun = self._beginning.get(pid)
        if begun is not None:
            while begun.report >= 0:
                begun.listen(self._shim.loop)
            self._begun(pid)
        session = self._sessions.pop(pid, None)
        if session is None:
            return
        session.streams.drain()
        # The daemon must know the exit code before the client, whose stream ends, can ask for it.
        self._shim.control.broadcast({"event": "exec-exit", "exec": session.id, "code": code})
        session.streams.release()
        self._finishing = [s for s in (*self._finishing, session.streams) if s.busy]

    def end_all(self) -> None:
        """The container is over: kill what a shared pid namespace kept alive."""
        pids = [*self._beginning, *self._sessions]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            with contextlib.suppress(ChildProcessError):
                _, status = os.waitpid(pid, 0)
                self.ended(pid, 137 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))

    def _by_id(self, exec_id: str) -> _Session:
        for session in self._sessions.values():
            if session.id == exec_id:
                return session
        raise StageError(f"exec process {exec_id} is not running")

    def resize(self, exec_id: str, rows: int, columns: int) -> None:
        for begun in self._beginning.values():
            if begun.id == exec_id:
                begun.size = (rows, columns)
                return
        self._by_id(exec_id).streams.resize(rows, columns)

    def signal(self, exec_id: str, number: int) -> None:
        os.kill(self._by_id(exec_id).pid, number)
