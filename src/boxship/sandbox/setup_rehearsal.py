"""A first process's way, gone through in the spawner before there is a container.

CPython specialises code that has run some times, and remembers where it found attributes. What it
learns here each first process has from its birth; what it learns there is lost with every one. So
a container without a program is set up, in namespaces of its own, and left again.
"""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from boxship.kernel import caps, cgroup, mount, process
from boxship.sandbox import launch, messages, setup
from boxship.sandbox.root import Root
from boxship.sandbox.steps import STEPS
from boxship.sandbox.steps.mounts import new_filesystem

_KINDS = {"mnt": process.CLONE_NEWNS, "uts": process.CLONE_NEWUTS, "ipc": process.CLONE_NEWIPC}
_FILES = {"etc/passwd": b"root:x:0:0::/root:/bin/sh\n", "etc/group": b"root:x:0:\n", "run": b""}
_STDIO = {"tty": False, "stdin": False}
_EVERYTHING = (1 << 64) - 1
NO_GROUP = {"version": 1, "mounts": {}, "controllers": [], "path": "/none"}
_CAPABILITIES = dict.fromkeys(("bounding", "effective", "permitted"), caps.DOCKER_DEFAULT)
_PROCESS = {
    "user": {"username": "", "groups": []},
    "args": ["run"],
    "env": ["PATH=/bin:/", "HOSTNAME=rehearsal"],
    "capabilities": _CAPABILITIES,
}
_NULL = {"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}
_RULES = ({"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 1, "minor": 3})


def _filesystem(kind: str, target: str, *options: list[str]) -> tuple[str, dict[str, Any]]:
    step = {"type": kind, "target": target, "name": kind, "attributes": mount.MOUNT_ATTR_NOSUID}
    return "mount", step | {"options": [*options], "propagation": 0}


def _bind(index: int, target: str) -> tuple[str, dict[str, Any]]:
    step = {"type": "bind", "target": target, "name": target, "attributes": 0, "source": index}
    return "mount", step | {"options": [], "propagation": mount.MS_PRIVATE}


def _steps(file: str) -> list[tuple[str, dict[str, Any]]]:
    """Those of a container as most are, which binds *file* in places where Docker has its own."""
    source = {"path": file, "recursive": False, "process": "", "failure": ""}
    return [
        ("join-cgroup", {}),
        ("enter-namespaces", {"join": {}, "new": ["mount", "ipc", "uts"]}),
        ("open-sources", {"sources": [source | {"index": index} for index in range(3)]}),
        ("isolate-mounts", {}),
        ("attach-root", {}),
        ("make-placeholders", {}),
        _filesystem("proc", "/proc"),
        _filesystem("tmpfs", "/dev", ["mode", "755"], ["size", "65536k"]),
        _filesystem("devpts", "/dev/pts", ["ptmxmode", "0666"], ["mode", "0620"]),
        _filesystem("sysfs", "/sys"),
        ("mount-cgroup", {"version": 1, "read_only": True, "hierarchies": {}}),
        _filesystem("mqueue", "/dev/mqueue"),
        *(_bind(index, f"/etc/{name}") for index, name in enumerate(("resolv", "name", "hosts"))),
        ("make-devices", {"devices": [_NULL] * 6}),
        ("make-directory", {"path": "/"}),
        ("set-sysctls", {"values": {}}),
        ("protect-paths", {"paths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"]}),
        ("mask-paths", {"paths": ["/proc/kcore", "/proc/keys", "/proc/none", "/sys/firmware"]}),
        ("set-hostname", {"hostname": "rehearsal", "domainname": ""}),
        ("pivot-root", {}),
    ]


def rehearse(directory: str, rounds: int) -> None:
    """*directory* is empty and stays so. :class:`OSError` where this process may not do it, which
    then is where it was; descriptors are left open."""
    for _ in range(rounds):
        with _elsewhere():
            stage = new_filesystem("tmpfs", [], 0)
            mount.move_mount(stage, os.open(directory, os.O_PATH | os.O_DIRECTORY))
            os.mkdir("root", dir_fd=stage)
            _set_up(directory)


@contextlib.contextmanager
def _elsewhere() -> Iterator[None]:
    """In namespaces that nobody else is in; at the end in those of before, root directory too."""
    root, working = (os.open(path, os.O_PATH | os.O_DIRECTORY) for path in ("/", "."))
    here = [(os.open(f"/proc/self/ns/{name}", os.O_RDONLY), kind) for name, kind in _KINDS.items()]
    process.unshare(sum(_KINDS.values()))
    try:
        mount.mount(None, "/", None, mount.MS_REC | mount.MS_SLAVE)
        yield
    finally:
        for fd, kind in here:
            process.setns(fd, kind)
        os.fchdir(root)
        os.chroot(".")
        os.fchdir(working)


def _set_up(directory: str) -> None:
    _, theirs = process.packet_pair()
    plan = messages.decode_of_fork(messages.encode_for_fork(_plan(directory)))
    cgroup.from_spec(plan["resources"])
    context, _ = setup.prepare(_spec(directory), plan | {"resources": {}}, [_root()], -1, theirs)
    for name, arguments in plan["steps"]:
        STEPS[name](context, arguments)
    _all_but_execute(plan["process"], context.root)


def _spec(directory: str) -> dict[str, Any]:
    """Of a shim's order what the first process reads."""
    log = {"driver": "json-file", "path": _log(directory), "max_size": -1, "max_files": 1}
    return {
        "run_dir": directory,
        "cgroup": messages.encode_for_fork(NO_GROUP),
        "log": log,
        "stdio": _STDIO,
    }


def _plan(directory: str) -> dict[str, Any]:
    return {
        "mountpoint": f"{directory}/root",
        "stdio": _STDIO,
        "resources": {"devices": _RULES},
        "process": _PROCESS,
        "steps": _steps(_log(directory)),
    }


def _log(directory: str) -> str:
    return f"{directory}/log"


def _root() -> int:
    root = new_filesystem("tmpfs", [["mode", "755"]], 0)
    os.mkdir("etc", dir_fd=root)
    for path, content in _FILES.items():
        fd = os.open(path, os.O_CREAT | os.O_WRONLY, 0o755, dir_fd=root)
        os.write(fd, content)
    return root


def _all_but_execute(spec: dict[str, Any], root: Root) -> None:
    """The end of the way, as far as it can be gone back: nothing is given up."""
    user = launch.find_user(spec, root)
    environment = launch.environment_of(spec, user)
    launch.open_program(launch.find_program(spec["args"][0], environment), "")
    caps.mask(spec["capabilities"]["bounding"])
    caps.put(*caps.get())
    caps.drop_bounding(_EVERYTHING)
