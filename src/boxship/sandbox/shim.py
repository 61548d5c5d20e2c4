"""The shim: parent of one container's first process, keeper of its streams, log and exit status.

It needs no daemon once it runs: a daemon that comes later finds its socket in the run directory.
One shim with its first process waits for a container to come, so that a start begins in the middle
(:mod:`boxship.sandbox.waiting`).
"""

import contextlib
import gc
import os
import signal
import socket
import time
from functools import partial
from typing import Any, NamedTuple, NoReturn

from boxship.kernel import process
from boxship.sandbox import failure, launch, messages, setup
from boxship.sandbox.control import Control
from boxship.sandbox.execs import Execs
from boxship.sandbox.forked import silence_stdio
from boxship.sandbox.group import Group, drain
from boxship.sandbox.log.write import open_log
from boxship.sandbox.loop import READ, Loop
from boxship.sandbox.messages import Packet
from boxship.sandbox.reaper import exit_code
from boxship.sandbox.stacks import Stacks
from boxship.sandbox.streams import Stdio, Streams, adopt

_NAME = "boxship-shim"
_OOM_SCORE = -998
# Seconds within which a program that closes its outputs is expected to end.
_EXIT_FOLLOWS = 0.1
# To encode in earnest costs memory that a shim then has to itself.
_JSON = (b"false", b"true")


class Child(NamedTuple):
    """The first process: its pid, the socket that comes from it, and what hears of its end."""

    pid: int
    report: int
    loop: Loop


class Shim:
    def __init__(
        self, spec: dict[str, Any], daemon: socket.SocketType, pid: int, loop: Loop
    ) -> None:
        """*spec*: id, run_dir, pid_namespace, drops_unhandled, stdio, log, attach, filtered, and
        cgroup encoded: its many parts would lie in memory until the container ends.

        *pid*: the first process, a child of ours. *loop* already watches for its end.
        """
        self.spec = spec
        self.loop = loop
        self.loop.on_child = self.reap
        self.control = Control(self, daemon)
        self._group: Group | None = None
        self._execs: Execs | None = None
        self.pid = pid
        self.pidfd = os.pidfd_open(pid)
        self.started_at = 0
        self.exited = False
        self._announced = False
        self._root = -1
        self._stdio: Stdio
        self._attached: list[int] = []
        self.streams: Streams

    @property
    def group(self) -> Group:
        """Made when it is asked for: nobody does while the container runs."""
        if self._group is None:
            self._group = Group(messages.decode_of_fork(self.spec["cgroup"]))
        return self._group

    @property
    def execs(self) -> Execs:
        """Made when they are asked for: many containers never have one."""
        if self._execs is None:
            self._execs = Execs(self)
        return self._execs

    def start(self, report: int, attached: list[int]) -> None:
        """Await the program's start and serve it; raises nothing, but reports and ends.

        Returns when the container has ended and has left nothing but what was opened for it.
        *report* comes from the first process, which has its order; *attached* are clients. We own
        them.
        """
        try:
            user = self.spec.get("user_namespace")
            owned, failed = setup.await_owned(report, self._born if user else None)
            if failed is None:
                # While the first process works.
                self.take(owned, attached)
                failed = setup.await_program(report)
            if failed is None:
                self.begin()
        except Exception as error:
            failed = failure.describe("start", error)
        if failed is not None:
            self._give_up(failed)
        self.control.started(self.pid, self.started_at)
        self.loop.run()

    def _born(self, pid: int) -> None:
        """The first process has ended, having entered a user namespace and borne another there."""
        os.waitpid(self.pid, 0)
        os.close(self.pidfd)
        self.pid, self.pidfd = pid, os.pidfd_open(pid)

    def take(self, owned: dict[str, int], attached: list[int]) -> None:
        """Own what the first process has opened: listener, streams, the memory controller's word,
        and the root file system."""
        self.control.start(owned.pop("listener"))
        self._root = owned.pop("root")
        memory = owned.pop("memory", None)
        if memory is not None:
            self.loop.watch(memory, READ, partial(self._out_of_memory, memory))
        self._attached = attached
        self._stdio = adopt(owned)
        if not self._stdio.tty:
            self._connect()

    def begin(self) -> None:
        """The program runs. Only now there is its terminal, if it has one."""
        self.started_at = time.time_ns()
        if self._stdio.tty:
            self._stdio.take_console()
            self._connect()

    def _connect(self) -> None:
        """Lead the streams to log and clients."""
        log = open_log(self.spec["log"])
        stdin_once = self.spec["stdio"]["stdin_once"]
        self.streams = Streams(self.loop, self._stdio, log, stdin_once, hold_clients=True)
        self.streams.on_closed = self._outputs_closed
        self.streams.on_detached = self._detached
        for fd, spec in zip(self._attached, self.spec["attach"], strict=True):
            self.streams.attach(fd, spec)
        self.streams.start()

    def _give_up(self, failed: dict[str, Any]) -> NoReturn:
        """Leave nothing behind and say why."""
        group = self.group
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        group.kill()
        group.destroy()
        if self._root >= 0:
            os.close(self._root)
        self.control.broadcast({"event": "failed", "error": failed})
        os._exit(0)

    def _detached(self) -> None:
        self.control.broadcast({"event": "detached"})

    def _out_of_memory(self, fd: int, mask: int) -> None:
        drain(fd)
        if not self.exited and self.group.ran_out_of_memory(notified=True):
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
        oom = self.wind_up()
        status = b'"code": %d, "oom": %s, "at": %d}' % (code, _JSON[oom], finished)
        self._record(b"{" + status)
        self.control.announce(b'{"event": "exit", ' + status)
        self._announced = True
        self.clear()
        self.streams.release()
        self._maybe_end()

    def wind_up(self) -> bool:
        """End what the first process left running; whether memory killed one of the container."""
        self.exited = True
        group = self.group
        oom = group.oom_killed()
        # The end may come to us before the news of its cause.
        if group.ran_out_of_memory(notified=False):
            self.control.broadcast({"event": "oom"})
        if self.spec["pid_namespace"] != "new" or self._execs is not None:
            # Otherwise the kernel has: a pid namespace's first process is the last to go.
            self.execs.kill_joiners()
            group.kill()
            self.execs.reap_joiners()
            # A joiner may have forked since the list of processes was read.
            group.kill()
            self.execs.end_sessions()
        self.streams.drain()
        return oom

    def clear(self) -> None:
        """Remove what the container had, which nobody waits for but who starts it again.

        Its file system was kept from going with the last process: to unmount it takes the time of
        a sync, and the exit would have come to us after that.
        """
        if self.group.destroy():
            self.control.announce(b'{"event": "emptied"}')
        os.close(self._root)
        self.control.close()

    def _outputs_closed(self) -> None:
        """Nearly always the program is ending: clients go after the daemon knows its exit code, so
        that it no longer runs for one who asks next. If it lives on, they go soon all the same."""
        self.loop.after(_EXIT_FOLLOWS, self.streams.release)

    def _record(self, status: bytes) -> None:
        path = os.path.join(self.spec["run_dir"], "exit.json")
        fd = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        os.write(fd, status)
        os.close(fd)
        os.rename(path + ".new", path)

    def _maybe_end(self) -> None:
        """Leave once the status is recorded and the container's clients have got everything."""
        if not self._announced:
            return
        if self.streams.busy or (self._execs is not None and self._execs.busy):
            self.loop.after(0.05, self._maybe_end)
            return
        if self._execs is not None or self.streams.had_clients or self._stdio.tty:
            os._exit(0)
        self.loop.stopped = True

    def dissolve(self) -> None:
        """Have the parts refer to one another no more. They would stay until a collection, which
        writes to more memory than it frees."""
        for part in (self.control, self.streams, self):
            vars(part).clear()

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


def can_wait_for(spec: dict[str, Any]) -> bool:
    """Whether a shim that waits fits the container."""
    return spec["pid_namespace"] == "new" and not spec.get("user_namespace")


def main(
    message: dict[str, Any], fds: list[int], packet: Packet, roots: list[int], stacks: Stacks
) -> None:
    """Entry after the spawner's fork. *message*, as it came in *packet*: ``shim``, ``rootfs`` and
    perhaps ``images``. *fds*: the daemon's socket, the first process's as :func:`setup.files_in`
    has them, clients. *roots*, *stacks*: see :func:`setup.fork`."""
    prepare_all()
    process.set_name(_NAME)
    make_parent()
    loop = watch()
    spec = message["shim"]
    user = spec.get("user_namespace")
    pid_namespace = "" if user else spec["pid_namespace"]
    files, own = setup.files_in(spec, fds)
    ours, theirs = process.packet_pair()
    try:
        pid, report = setup.fork(pid_namespace, theirs, stacks if user else None)
    except OSError as error:
        failed = {"event": "failed", "error": failure.describe("start", error)}
        messages.send(socket.SocketType(fileno=fds[0]), failed)
        return
    orders = socket.SocketType(fileno=ours)
    with contextlib.suppress(OSError):
        # Or it has died, which is what we shall hear of it.
        messages.pass_on(orders, packet, [*roots, *files])
    orders.close()
    for fd in (*roots, *files, *messages.holding(packet)):
        os.close(fd)
    serve(spec, own, Child(pid, report, loop))
    os._exit(0)


def prepare_all() -> None:
    """What children have from a process that has it."""
    silence_stdio()
    try:
        launch.write_oom_score(_OOM_SCORE)
    except OSError:
        pass


def make_parent() -> None:
    """Be what a shim is in all its life."""
    # Attached clients and exec sessions leave cycles; what the spawner had is frozen and untouched.
    gc.enable()
    process.set_child_subreaper()
    os.setsid()


def watch() -> Loop:
    """What will hear of the end of a child."""
    loop = Loop()
    loop.watch_children()
    return loop


def serve(spec: dict[str, Any], fds: list[int], child: Child) -> None:
    """*child* has the order *spec* too. *fds*: the daemon's socket and clients. As
    :meth:`Shim.start`."""
    process.set_name(_NAME)
    daemon, *attached = fds
    shim = Shim(spec, socket.SocketType(fileno=daemon), child.pid, child.loop)
    shim.start(child.report, attached)
    shim.dissolve()
