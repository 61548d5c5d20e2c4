"""The shim: parent of one container's first process, keeper of its streams, log and exit status.

It needs no daemon once it runs: a daemon that comes later finds its socket in the run directory.
"""

import contextlib
import gc
import json
import os
import signal
import socket
import time
from typing import Any

from boxship.kernel import process
from boxship.sandbox import failure, launch, setup
from boxship.sandbox.control import Control
from boxship.sandbox.execs import Execs
from boxship.sandbox.forked import silence_stdio
from boxship.sandbox.group import Group, drain
from boxship.sandbox.log.write import open_log
from boxship.sandbox.loop import READ, Loop
from boxship.sandbox.reaper import exit_code
from boxship.sandbox.streams import Stdio, Streams

_OOM_SCORE = -998
# Seconds within which a program that closes its outputs is expected to end.
_EXIT_FOLLOWS = 0.1


class Shim:
    def __init__(self, spec: dict[str, Any], daemon: socket.socket) -> None:
        """*spec*: id, run_dir, drops_unhandled, cgroup, stdio, log, attach."""
        self.spec = spec
        self.loop = Loop()
        self.group = Group(spec["cgroup"])
        self.control = Control(self, daemon)
        self.execs = Execs(self)
        self.pid = 0
        self.pidfd = -1
        self.started_at = 0
        self.exited = False
        self._announced = False
        self.streams: Streams

    def start(self, root: int, plan_fd: int, filter_fd: int | None, attached: list[int]) -> None:
        """Create the container and start its program; raises nothing, but reports and ends."""
        self.control.listen(os.path.join(self.spec["run_dir"], "shim.sock"))
        failed = self._try_start(root, plan_fd, filter_fd)
        if failed is not None:
            self.control.broadcast({"event": "failed", "error": failed})
            os._exit(0)
        for fd, spec in zip(attached, self.spec["attach"], strict=True):
            self.streams.attach(fd, spec)
        self.streams.start()
        self.control.broadcast({"event": "started", "pid": self.pid, "at": self.started_at})
        self.loop.run()

    def _try_start(self, root: int, plan_fd: int, filter_fd: int | None) -> dict[str, Any] | None:
        """What went wrong, or None."""
        wanted = self.spec["stdio"]
        try:
            log = open_log(self.spec["log"])
            stdio = Stdio(wanted["tty"], wanted["stdin"])
            cgroup = self.spec["cgroup"]
            self.pid, failed = setup.run(cgroup, stdio, root, plan_fd, filter_fd)
            if failed is not None:
                return failed
            self.pidfd = os.pidfd_open(self.pid)
            stdio.take_console()
        except Exception as error:
            self.group.kill()
            self.group.destroy()
            return failure.describe("start", error)
        self.started_at = time.time_ns()
        self.streams = Streams(self.loop, stdio, log, wanted["stdin_once"], hold_clients=True)
        self.streams.on_closed = self._outputs_closed
        self.streams.on_detached = lambda: self.control.broadcast({"event": "detached"})
        self.loop.on_child = self.reap
        self.loop.watch_children()
        self._watch_memory()
        # The first process may have ended before SIGCHLD was watched.
        self.loop.after(0, self.reap)
        return None

    def _watch_memory(self) -> None:
        fd = self.group.oom_descriptor()
        if fd is not None:
            self.loop.watch(fd, READ, lambda mask: self._out_of_memory(fd))

    def _out_of_memory(self, fd: int) -> None:
        drain(fd)
        if not self.exited:
            self.control.broadcast({"event": "oom"})

    def reap(self) -> None:
        """Take every child that ended: init, execs, and orphans that came to us."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.pid:
                self._init_ended(exit_code(status))
            else:
                self.execs.ended(pid, exit_code(status))

    def _init_ended(self, code: int) -> None:
        """Record the status durably before anybody is told."""
        finished = time.time_ns()
        self.exited = True
        oom = self.group.oom_killed()
        self.group.kill()
        self.execs.end_all()
        self.streams.drain()
        self.group.destroy()
        self._record({"code": code, "oom": oom, "at": finished})
        self.control.broadcast({"event": "exit", "code": code, "oom": oom, "at": finished})
        self._announced = True
        self.streams.release()
        self._maybe_end()

    def _outputs_closed(self) -> None:
        """Nearly always the program is ending: clients go after the daemon knows its exit code, so
        that it no longer runs for one who asks next. If it lives on, they go soon all the same."""
        self.loop.after(_EXIT_FOLLOWS, self.streams.release)

    def _record(self, status: dict[str, Any]) -> None:
        path = os.path.join(self.spec["run_dir"], "exit.json")
        fd = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        os.write(fd, json.dumps(status).encode())
        os.close(fd)
        os.rename(path + ".new", path)

    def _maybe_end(self) -> None:
        """Leave once the status is recorded and the container's clients have got everything."""
        if not self._announced:
            return
        if self.streams.busy or self.execs.busy:
            self.loop.after(0.05, self._maybe_end)
            return
        self.control.close()
        os._exit(0)

    def signal(self, number: int) -> None:
        signal.pidfd_send_signal(self.pidfd, number)

    def ignores(self, number: int) -> bool:
        """Whether the kernel drops *number*: process 1 of a namespace gets only what it handles."""
        if not self.spec["drops_unhandled"]:
            return False
        with open(f"/proc/{self.pid}/status", "rb") as status:
            fields = dict(line.split(b":", 1) for line in status if line.startswith(b"Sig"))
        handled = sum(int(fields[k], 16) >> (number - 1) & 1 for k in (b"SigCgt", b"SigBlk"))
        ignored = int(fields[b"SigIgn"], 16) >> (number - 1) & 1
        return not handled and not ignored


def main(message: dict[str, Any], fds: list[int], root: int | None) -> None:
    """Entry after the spawner's fork. *fds*: the daemon's socket, the plan,
    the seccomp filter if there is one, clients."""
    process.set_name("boxship-shim")
    # Attached clients and exec sessions leave cycles; what the spawner had is frozen and untouched.
    gc.enable()
    process.set_dumpable(False)
    process.set_child_subreaper()
    os.setsid()
    silence_stdio()
    with contextlib.suppress(OSError):
        launch.write_oom_score(_OOM_SCORE)
    spec = message["shim"]
    shim = Shim(spec, socket.socket(fileno=fds[0]))
    plan_fd, *rest = fds[1:]
    filter_fd = rest.pop(0) if spec["filtered"] else None
    assert root is not None
    shim.start(root, plan_fd, filter_fd, rest)
