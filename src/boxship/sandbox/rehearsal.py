"""What the spawner does before its first fork so that shims share more of its memory.

A shim has a private copy of each page that it writes to, and CPython writes to everything that it
runs: reference counts, caches of methods, specialised code. So the code on a shim's path is laid
side by side, and its first steps are gone through on descriptors that lead nowhere: what the
interpreter learns by that it need not learn in every shim.
"""

import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from boxship.kernel import process
from boxship.sandbox import (
    control,
    failure,
    forked,
    loop,
    messages,
    setup,
    setup_rehearsal,
    shim,
    streams,
)
from boxship.sandbox.failure import StageError
from boxship.sandbox.log import write

_ROOTFS: dict[str, Any] = {"layers": [], "upper": "", "work": "", "volatile": False}
# CPython specialises a function that has been called eight times.
_ROUNDS = 12
_PATH = (shim, setup, control, loop, streams, messages, failure, forked, write, process)
_SPEC = {
    "id": "",
    "run_dir": "",
    "pid_namespace": "new",
    "attach": [],
    # In no hierarchy: nothing is read, killed or removed.
    "cgroup": messages.encode_for_fork(setup_rehearsal.NO_GROUP),
    "stdio": {"tty": False, "stdin": True, "stdin_once": False},
    "filtered": True,
    "gated": False,
    "log": {"driver": "json-file", "path": "", "max_size": -1, "max_files": 1},
}


def rehearse(spawner: ModuleType, directory: str) -> None:
    """Call it while nothing is forked and no signal is awaited; it leaves nothing open.

    *directory* is an empty one.
    """
    before = {int(name) for name in os.listdir("/proc/self/fd")}
    # What was before must live until the last new one has its place.
    _kept = [*_move_all((spawner, *_PATH))]
    for _ in range(_ROUNDS):
        _live()
    # Who may not do this may start no containers either.
    with contextlib.suppress(OSError, StageError):
        setup_rehearsal.rehearse(directory, _ROUNDS)
    signal.set_wakeup_fd(-1)
    # Objects close their descriptors first, or they would close a stranger's later.
    gc.collect()
    process.close_other_fds(before)


def _move_all(modules: Iterable[ModuleType]) -> Iterator[object]:
    """Put their functions, and the methods of their classes, side by side; the old ones."""
    users = [vars(each) for name, each in sys.modules.items() if name.startswith("boxship.")]
    for module in modules:
        for owner in (module, *_classes(module)):
            for name, old in [*vars(owner).items()]:
                if isinstance(old, FunctionType) and old.__module__ == module.__name__:
                    new = _copy(old)
                    setattr(owner, name, new)
                    for user in users:
                        if user.get(name) is old:
                            user[name] = new
                    yield old


def _classes(module: ModuleType) -> list[type]:
    values = vars(module).values()
    return [v for v in values if isinstance(v, type) and v.__module__ == module.__name__]


def _copy(old: FunctionType) -> FunctionType:
    code = old.__code__.replace()
    new = FunctionType(code, old.__globals__, old.__name__, old.__defaults__, old.__closure__)
    new.__kwdefaults__, new.__qualname__ = old.__kwdefaults__, old.__qualname__
    new.__annotations__, new.__doc__ = old.__annotations__, old.__doc__
    return new


def _live() -> None:
    """A shim's way to its first wait for events, and what it does at its container's end."""
    daemon, _ = process.packet_pair()
    ours, theirs = process.packet_pair()
    message = _order()
    events = loop.Loop()
    events.watch_children()
    one = shim.Shim(message["shim"], socket.SocketType(fileno=daemon), os.getpid(), events)
    _tell(theirs)
    os.close(theirs)
    owned, _ = setup.await_owned(ours)
    one.take(owned, [])
    setup.await_program(ours)
    one.begin()
    one.control.started(1, 1)
    one.loop.after(0, lambda: None)
    one.loop.turn()
    one.wind_up()
    one.control.broadcast({"event": "exit", "code": 0, "oom": False, "at": 1})
    one.clear()


def _order() -> messages.Message:
    """What the spawner would send to a shim that waits."""
    ours, theirs = (socket.SocketType(fileno=end) for end in process.packet_pair())
    messages.send_to_fork(ours, {"op": "shim", "shim": _SPEC, "rootfs": _ROOTFS})
    received = messages.receive(theirs)
    assert received is not None
    return received[0]


def _tell(report: int) -> None:
    """What the first process would answer."""
    names = ("listener", "root", "stdout", "stderr", "stdin", "memory")
    pipes = {name: os.pipe() for name in names}
    fds = [write if name == "stdin" else read for name, (read, write) in pipes.items()]
    messages.send_to_fork(socket.SocketType(fileno=os.dup(report)), {"names": [*pipes]}, fds)
