"""A shim's life, gone through in the spawner: see :mod:`boxship.sandbox.rehearsal`."""

import os
import socket
from typing import Any

from boxship.kernel import process
from boxship.kernel.cgroup.v1 import memory
from boxship.sandbox import messages, shim, waiting
from boxship.sandbox.steps.namespaces import leave_pid_namespace

_STDIO = {"tty": False, "stdin": True, "stdin_once": False}
_OOM_CONTROL = b"oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"
_CONTROLLERS = ("cpu", "memory", "pids", "freezer")
_GROUP = "container"


def live(directory: str) -> None:
    """With a program that ends at once. *directory*: for what the shim records, and for
    directories that stand in for control groups."""
    for name in _CONTROLLERS:
        os.makedirs(f"{directory}/{name}/{_GROUP}")
    report, theirs = process.packet_pair()
    loop = shim.watch()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    _tell(theirs)
    waiting.serve_one(_order(directory), shim.Child(pid, report, loop))
    _be_asked()
    _read_memory(directory)


def _order(directory: str) -> int:
    """Where the spawner's message for a shim that waits has arrived."""
    theirs, ours = process.packet_pair()
    message = {"op": "shim", "shim": _spec(directory), "rootfs": {"layers": []}}
    daemon, _ = process.packet_pair()
    messages.send_to_fork(socket.SocketType(fileno=ours), message, [daemon])
    return theirs


def _spec(directory: str) -> dict[str, Any]:
    mounts = {name: f"{directory}/{name}" for name in _CONTROLLERS}
    group = {"version": 1, "mounts": mounts, "controllers": [*mounts], "path": f"/{_GROUP}"}
    return {
        "id": "",
        "run_dir": directory,
        "pid_namespace": "new",
        "attach": [],
        "cgroup": messages.encode_for_fork(group),
        "stdio": _STDIO,
        "log": {"driver": "json-file", "path": "", "max_size": -1, "max_files": 1},
    }


def _tell(report: int) -> None:
    """What the first process would say, and that the program runs."""
    names = ("listener", "root", "stdout", "stderr", "stdin", "memory")
    fds = []
    for name in names:
        read, write = os.pipe()
        # An output that nobody writes to ends, but not what is waited for.
        fds.append(write if name == "stdin" else read)
        if name in ("stdout", "stderr"):
            os.close(write)
    channel = socket.SocketType(fileno=report)
    messages.send_to_fork(channel, {"names": [*names]}, fds)
    channel.close()


def _be_asked() -> None:
    """Offer to wait again, as the spawner hears it."""
    offers, spawner = (socket.SocketType(fileno=end) for end in process.packet_pair())
    leave_pid_namespace()
    asked = waiting.offer(offers)
    found = messages.receive_descriptors(spawner, messages.AT_ONCE)
    assert asked is not None and found is not None
    messages.send_descriptors(socket.SocketType(fileno=found[0]), process.packet_pair())
    messages.receive_descriptors(asked)


def _read_memory(directory: str) -> None:
    """The one file of a control group that is read at a container's end."""
    fd = os.open(f"{directory}/memory.oom_control", os.O_CREAT | os.O_WRONLY)
    os.write(fd, _OOM_CONTROL)
    os.close(fd)
    memory.oom_kills(directory)
