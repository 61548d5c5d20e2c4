"""The exec sessions of one container."""

import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any

from boxship.sandbox import exec_process, failure, messages
from boxship.sandbox.failure import StageError
from boxship.sandbox.forked import become_child
from boxship.sandbox.log.write import NoLog
from boxship.sandbox.streams import Stdio, Streams

if TYPE_CHECKING:
    from boxship.sandbox.shim import Shim


class _Session:
    def __init__(self, exec_id: str, pid: int, streams: Streams) -> None:
        self.id = exec_id
        self.pid = pid
        self.streams = streams


class Execs:
    def __init__(self, shim: "Shim") -> None:
        self._shim = shim
        self._sessions: dict[int, _Session] = {}
        self._finishing: list[Streams] = []

    def start(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        """Run ``request["process"]``; *fds*: the seccomp filter, then the client's socket."""
        if self._shim.exited:
            raise StageError("container is not running")
        filter_program = messages.read_all(fds.pop(0)) if request["filtered"] else None
        stdio = Stdio(request["tty"], request["stdin"])
        try:
            pid = self._launch(request, stdio, filter_program)
        except BaseException:
            stdio.close()
            raise
        streams = Streams(self._shim.loop, stdio, NoLog(), True, hold_clients=True)
        session = self._sessions[pid] = _Session(request["exec"], pid, streams)
        streams.on_detached = lambda: self._detached(session)
        if fds:
            streams.attach(fds.pop(0), request["client"])
        streams.start()
        self._shim.loop.after(0, self._shim.reap)
        return {"pid": pid}

    def _launch(self, request: dict[str, Any], stdio: Stdio, filter_program: bytes | None) -> int:
        """The pid of the program, which runs now; :class:`StageError` if it does not."""
        pid, failed = self._fork(request, stdio, filter_program)
        if failed is not None:
            if pid:
                os.waitpid(pid, 0)
            raise StageError(failed["message"], failed.get("code", 126), failed.get("errno", 0))
        stdio.take_console()
        return pid

    def _detached(self, session: _Session) -> None:
        self._shim.control.broadcast({"event": "exec-detached", "exec": session.id})

    def _fork(
        self, request: dict[str, Any], stdio: Stdio, filter_program: bytes | None
    ) -> tuple[int, dict[str, Any] | None]:
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
        return pid, failure.read(read_end)

    def running(self) -> dict[str, int]:
        return {session.id: session.pid for session in self._sessions.values()}

    @property
    def busy(self) -> bool:
        return bool(self._sessions) or any(streams.busy for streams in self._finishing)

    def ended(self, pid: int, code: int) -> None:
        """Called with every reaped pid; those of no session are orphans."""
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
        for pid in [*self._sessions]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in [*self._sessions]:
            with contextlib.suppress(ChildProcessError):
                _, status = os.waitpid(pid, 0)
                self.ended(pid, 137 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))

    def _by_id(self, exec_id: str) -> _Session:
        for session in self._sessions.values():
            if session.id == exec_id:
                return session
        raise StageError(f"exec process {exec_id} is not running")

    def resize(self, exec_id: str, rows: int, columns: int) -> None:
        self._by_id(exec_id).streams.resize(rows, columns)

    def signal(self, exec_id: str, number: int) -> None:
        os.kill(self._by_id(exec_id).pid, number)
