"""A first process's way, gone through in the spawner: see :mod:`boxship.sandbox.rehearsal`."""

import os
from typing import Any

from boxship.kernel import caps, cgroup, mount, process
from boxship.sandbox import launch, messages, setup
from boxship.sandbox.root import Root
from boxship.sandbox.steps import STEPS
from boxship.sandbox.steps.mounts import new_filesystem

_FILES = {"etc/passwd": b"root:x:0:0::/root:/bin/sh\n", "etc/group": b"root:x:0:\n", "run": b""}
_STDIO = {"tty": False, "stdin": False}
_EVERYTHING = (1 << 64) - 1
_NO_GROUP = {"version": 1, "mounts": {}, "controllers": [], "path": "/none"}
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
    source = {"path": file, "recursive": False, "process": "", "peers": False, "failure": ""}
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


def set_up(directory: str) -> None:
    """A container without a program, of which nothing is left with the mount namespace that this
    process must be alone in; descriptors are left open. *directory*: one to write to."""
    os.mkdir(f"{directory}/root")
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
        "cgroup": messages.encode_for_fork(_NO_GROUP),
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
    launch.check_program(launch.find_program(spec["args"][0], environment), "")
    caps.mask(spec["capabilities"]["bounding"])
    caps.put(*caps.get())
    caps.drop_bounding(_EVERYTHING)
