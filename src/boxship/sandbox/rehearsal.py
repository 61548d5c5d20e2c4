"""What the spawner does before its first fork so that its children share more of its memory.

A forked process has a private copy of each page that it writes to, and CPython writes to all that
it runs: reference counts, caches of methods, specialised code. So the code on a shim's path is laid
side by side, and the lives of a shim and of a first process are gone through, without a program and
in namespaces of their own: what the interpreter learns by that it need not learn in each of them.
"""

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from types import FunctionType, ModuleType

from boxship.kernel import mount, process
from boxship.kernel.cgroup import files, tree
from boxship.kernel.cgroup.v1 import group as group_v1
from boxship.kernel.cgroup.v1 import memory
from boxship.sandbox import (
    control,
    failure,
    forked,
    group,
    loop,
    messages,
    setup,
    setup_rehearsal,
    shim,
    shim_rehearsal,
    streams,
    waiting,
)
from boxship.sandbox.failure import StageError
from boxship.sandbox.log import write
from boxship.sandbox.steps.mounts import new_filesystem

# CPython specialises a function that has been called eight times.
_ROUNDS = 12
_PATH = (
    *(waiting, shim, setup, control, loop, streams, messages, failure, forked, write, process),
    *(group, files, tree, group_v1, memory),
)
_KINDS = {"mnt": process.CLONE_NEWNS, "uts": process.CLONE_NEWUTS, "ipc": process.CLONE_NEWIPC}


def rehearse(spawner: ModuleType, directory: str) -> None:
    """Call it while nothing is forked and no signal is awaited; it leaves nothing open.

    *directory* is an empty one, and stays so.
    """
    before = {int(name) for name in os.listdir("/proc/self/fd")}
    # What was before must live until the last new one has its place.
    _kept = [*_move_all((spawner, *_PATH))]
    # Who may not do this may start no containers either.
    with contextlib.suppress(OSError, StageError):
        for _ in range(_ROUNDS):
            with _elsewhere(directory):
                shim_rehearsal.live(directory)
                setup_rehearsal.set_up(directory)
    signal.set_wakeup_fd(-1)
    # Objects close their descriptors first, or they would close a stranger's later.
    gc.collect()
    process.close_other_fds(before)


@contextlib.contextmanager
def _elsewhere(directory: str) -> Iterator[None]:
    """In namespaces that nobody else is in, with a file system of their own at *directory*; at the
    end in those of before, root directory too."""
    root, working = (os.open(path, os.O_PATH | os.O_DIRECTORY) for path in ("/", "."))
    here = [(os.open(f"/proc/self/ns/{name}", os.O_RDONLY), kind) for name, kind in _KINDS.items()]
    process.unshare(sum(_KINDS.values()))
    try:
        mount.mount(None, "/", None, mount.MS_REC | mount.MS_SLAVE)
        stage = new_filesystem("tmpfs", [], 0)
        mount.move_mount(stage, os.open(directory, os.O_PATH | os.O_DIRECTORY))
        yield
    finally:
        for fd, kind in here:
            process.setns(fd, kind)
        os.fchdir(root)
        os.chroot(".")
        os.fchdir(working)


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
