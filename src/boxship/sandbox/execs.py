"""The exec sessions of one container."""

import contextlib
import json
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

from boxship.sandbox import birth, exec_process, messages
from boxship.sandbox.failure import StageError
from boxship.sandbox.forked import become_child
from boxship.sandbox.later import Later
from boxship.sandbox.log.write import NoLog
from boxship.sandbox.loop import READ, Loop
from boxship.sandbox.reaper import exit_code
from boxship.sandbox.steps.namespaces import leave_pid_namespace
from boxship.sandbox.streams import Stdio, Streams

if TYPE_CHECKING:
    from boxship.sandbox.shim import Shim


class _Session:
    def __init__(self, exec_id: str, pid: int, streams: Streams) -> None:
        self.id = exec_id
        self.pid = pid
        self.streams = streams


class _Beginning:
    """A session whose joiner (:mod:`boxship.sandbox.birth`) is under way. It may take as long as it
    likes: to join a frozen container must not keep the shim from answering others."""

    def __init__(
        self, request: dict[str, Any], client: int | None, stdio: Stdio, joiner: int, report: int
    ) -> None:
        """Own *client*, a socket, *stdio* and *report*, the shim's end of the report socket."""
        self.id: str = request["exec"]
        self.joiner = joiner
        self.spec = request["client"]
        self.client = client
        self.stdio = stdio
        self.report = report
        self.answer = Later()
        self.joiner_ended = False
        self.failure = b""
        #: The program's process, once it is born.
        self.pid = 0
        self.size: tuple[int, int] | None = None

    def listen(self, loop: Loop) -> None:
        """Take what has been reported; the end of file closes the report socket."""
        with contextlib.suppress(BlockingIOError):
            while told := birth.read(self.report):
                if told.failure and told.pid == self.joiner:
                    self.failure = told.failure
                elif not told.failure:
                    self.pid = self.pid or told.pid
            self.hang_up(loop)

    def hang_up(self, loop: Loop) -> None:
        if self.report >= 0:
            loop.forget(self.report)
            os.close(self.report)
            self.report = -1

    @property
    def over(self) -> bool:
        """Whether the program has been executed, or never will be."""
        return self.joiner_ended and bool(self.pid or self.failure or self.report < 0)

    def take_program(self) -> None:
        """Own the streams of the program, which runs; :class:`StageError` if it never will."""
        if self.failure:
            failed = json.loads(self.failure)
            code, number = failed.get("code", 126), failed.get("errno", 0)
            raise StageError(failed["message"], code, number)
        if not self.pid:
            raise StageError("the process was killed before its program ran", 137)
        self.stdio.take_console()

    def close(self) -> None:
        self.stdio.close()
        if self.client is not None:
            os.close(self.client)


class Execs:
    def __init__(self, shim: "Shim") -> None:
        """From here on the children of *shim* are born in its own pid namespace: they are joiners,
        which the container must not see."""
        leave_pid_namespace()
        self._shim = shim
        #: By the joiner's pid.
        self._beginning: dict[int, _Beginning] = {}
        #: Exit codes by pid: a program may end before the shim has reaped its joiner.
        self._ended_early: dict[int, int] = {}
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
            joiner, report = self._fork(request, stdio, filter_program)
        except BaseException:
            stdio.close()
            raise
        client = fds.pop(0) if fds else None
        begun = _Beginning(request, client, stdio, joiner, report)
        self._beginning[joiner] = begun
        self._shim.loop.watch(report, READ, partial(self._reported, joiner))
        return begun.answer

    def _reported(self, joiner: int, mask: int) -> None:
        begun = self._beginning[joiner]
        begun.listen(self._shim.loop)
        if begun.over:
            self._begun(joiner)

    def _begun(self, joiner: int) -> None:
        """Answer the client: the program has been executed, or never will be."""
        begun = self._beginning.pop(joiner)
        begun.hang_up(self._shim.loop)
        code = self._ended_early.pop(begun.pid, None)
        if not self._beginning:
            self._ended_early.clear()
        try:
            begun.take_program()
        except StageError as error:
            begun.close()
            begun.answer.refuse(error)
            return
        streams = Streams(self._shim.loop, begun.stdio, NoLog(), True, hold_clients=True)
        session = self._sessions[begun.pid] = _Session(begun.id, begun.pid, streams)
        streams.on_detached = lambda: self._detached(session)
        if begun.size is not None:
            streams.resize(*begun.size)
        if begun.client is not None:
            streams.attach(begun.client, begun.spec)
        streams.start()
        begun.answer.give({"pid": begun.pid})
        if code is not None:
            self._session_ended(begun.pid, code)

    def _detached(self, session: _Session) -> None:
        self._shim.control.broadcast({"event": "exec-detached", "exec": session.id})

    def _fork(
        self, request: dict[str, Any], stdio: Stdio, filter_program: bytes | None
    ) -> tuple[int, int]:
        """Return the pid of the joiner, and the shim's end of the report socket."""
        cgroup_files = self._shim.group.open_join_files()
        ours, theirs = birth.report_pair()
        pidfd = self._shim.pidfd
        pid = os.fork()
        if pid == 0:
            user = self._shim.spec.get("user_namespace")
            console = stdio.child_console
            keep = {theirs, pidfd, *cgroup_files, *stdio.child}
            become_child(keep | ({console} if console is not None else set()))
            exec_process.main(
                request | {"container": self._shim.spec["id"], "user_namespace": user},
                pidfd,
                cgroup_files,
                console,
                stdio.child,
                filter_program,
                theirs,
            )
        for fd in (theirs, *cgroup_files):
            os.close(fd)
        stdio.close_child()
        return pid, ours

    def running(self) -> dict[str, int]:
        return {session.id: session.pid for session in self._sessions.values()}

    @property
    def busy(self) -> bool:
        under_way = self._beginning or self._sessions
        return bool(under_way) or any(streams.busy for streams in self._finishing)

    def ended(self, pid: int, code: int) -> None:
        """Called with every reaped pid: a joiner's, a session's, or an orphan's."""
        begun = self._beginning.get(pid)
        if begun is not None:
            begun.joiner_ended = True
            if begun.report >= 0:
                begun.listen(self._shim.loop)
            if begun.over:
                self._begun(pid)
        elif pid in self._sessions:
            self._session_ended(pid, code)
        elif self._beginning:
            self._ended_early[pid] = code

    def _session_ended(self, pid: int, code: int) -> None:
        session = self._sessions.pop(pid)
        session.streams.drain()
        # The daemon must know the exit code before the client, whose stream ends, can ask for it.
        self._shim.control.broadcast({"event": "exec-exit", "exec": session.id, "code": code})
        session.streams.release()
        self._finishing = [s for s in (*self._finishing, session.streams) if s.busy]

    def kill_joiners(self) -> None:
        """Kill what has not joined the control group yet: the container is over."""
        for joiner in self._beginning:
            with contextlib.suppress(ProcessLookupError):
                os.kill(joiner, signal.SIGKILL)

    def reap_joiners(self) -> None:
        """Wait for the killed joiners: afterwards no process is born in the container any more."""
        for joiner in [*self._beginning]:
            self._reap(joiner)

    def end_sessions(self) -> None:
        """Kill and reap the programs that a shared pid namespace kept alive."""
        for joiner in [*self._beginning]:
            self._begun(joiner)
        pids = [*self._sessions]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            self._reap(pid)

    def _reap(self, pid: int) -> None:
        with contextlib.suppress(ChildProcessError):
            _, status = os.waitpid(pid, 0)
            self.ended(pid, exit_code(status))

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
