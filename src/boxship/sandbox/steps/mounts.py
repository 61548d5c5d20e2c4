"""The mounts of a container, attached by descriptor to targets that were resolved inside its root.

A *mount step* has: type, target, attributes (``MOUNT_ATTR_*``), options (pairs for fsconfig),
propagation (``MS_*`` or 0), and for binds source (an index of opened sources), recursive.
"""

import errno
import os
import socket
from typing import Any

from boxship.kernel import mount, process, statfs
from boxship.sandbox.failure import StageError
from boxship.sandbox.root import is_directory
from boxship.sandbox.steps import namespaces
from boxship.sandbox.steps.context import Context

_MISSING = 'invalid mount config for type "bind": bind source path does not exist: '
# MS_BIND and MS_REC.
_BIND = 0x5000
_ORDINARY_ONLY = ("proc", "sysfs")
# What lxcfs and its like replace (runc's list).
_COVERABLE = frozenset(
    "/proc/" + name
    for name in (
        "cpuinfo",
        "diskstats",
        "meminfo",
        "stat",
        "swaps",
        "uptime",
        "loadavg",
        "slabinfo",
        "sys/kernel/ns_last_pid",
        "sys/crypto/fips_enabled",
    )
)


def open_sources(context: Context, step: dict[str, Any]) -> None:
    """Clone the binds' sources while they still are the host's peers: propagation needs that."""
    for source in step["sources"]:
        index, path = source["index"], source["path"]
        try:
            if source["process"]:
                context.sources[index] = _clone_elsewhere(source)
            else:
                context.sources[index] = _clone(source)
        except FileNotFoundError:
            failure = source["failure"]
            raise StageError(
                f"{failure}: no such file or directory" if failure else _MISSING + path
            )
        if step.get("unprivileged") and source["peers"]:
            # As the kernel does where a namespace of lesser rights copies mounts.
            mount.set_attributes(
                context.sources[index], propagation=mount.MS_SLAVE, recursive=source["recursive"]
            )


def _clone(source: dict[str, Any]) -> int:
    return mount.clone(-100, source["path"], source["recursive"], source["peers"])


def _clone_elsewhere(source: dict[str, Any]) -> int:
    """Clone a path of the mount namespace of ``source["process"]``, a process's directory in /proc.

    Only a process inside a mount namespace may clone its mounts.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = os.fork()
    if child == 0:
        try:
            namespaces.join(f"{source['process']}/ns/mnt", process.CLONE_NEWNS)
            socket.send_fds(theirs, [b"m"], [_clone(source)])
        finally:
            os._exit(0)
    theirs.close()
    _, fds, _, _ = socket.recv_fds(ours, 16, 1)
    ours.close()
    os.waitpid(child, 0)
    if not fds:
        raise FileNotFoundError(2, os.strerror(2), source["path"])
    return fds[0]


def isolate(context: Context, step: dict[str, Any]) -> None:
    """From here on nothing that is mounted reaches the host."""
    mount.mount(None, "/", None, mount.MS_REC | mount.MS_SLAVE)


def attach_root(context: Context, step: dict[str, Any]) -> None:
    target = os.open(context.place or context.mountpoint, os.O_PATH | os.O_DIRECTORY)
    mount.move_mount(context.root_mount, target)
    os.close(target)


def new_filesystem(fstype: str, options: list[list[str]], attributes: int, source: str = "") -> int:
    """A detached mount of a new file system, called *source* in mount tables. Caller closes it."""
    context = mount.fsopen(fstype)
    try:
        mount.fsconfig_string(context, "source", source or fstype)
        for key, value in options:
            if value:
                mount.fsconfig_string(context, key, value)
            else:
                mount.fsconfig_flag(context, key)
        mount.fsconfig_create(context)
        return mount.fsmount(context, attributes)
    finally:
        os.close(context)


def _bind(context: Context, step: dict[str, Any]) -> int:
    fd = context.sources[step["source"]]
    attributes = step["attributes"]
    if attributes:
        recursive = step.get("attributes_recursive", False)
        mount.set_attributes(fd, attributes, recursive=recursive)
    return fd


def _options(context: Context, step: dict[str, Any]) -> list[list[str]]:
    """A tmpfs over a directory that the image has takes over its mode, unless one is given."""
    options: list[list[str]] = step["options"]
    if step["type"] != "tmpfs" or any(key == "mode" for key, _ in options):
        return options
    covered = context.root.find(step["target"])
    if covered is None:
        return options
    mode = os.fstat(covered).st_mode & 0o7777
    os.close(covered)
    return [["mode", f"{mode:o}"], *options]


def _keep_procfs_whole(context: Context, step: dict[str, Any], source: int, target: int) -> None:
    """Refuse to cover procfs: later writes to it would go elsewhere (CVE-2019-16884)."""
    path = os.readlink(f"/proc/self/fd/{target}").removeprefix(context.mountpoint)
    if path == "/proc":
        reason = "" if statfs.magic(source) == statfs.PROC else "it is not of type proc"
    else:
        covered = path.startswith("/proc/") and path not in _COVERABLE
        reason = "it is inside /proc" if covered else ""
    if reason:
        raise _refused(
            step,
            f"create mount destination for {step['target']} mount: check proc-safety of "
            f'{step["target"]} mount: "{path}" cannot be mounted because {reason}',
        )


def _target(context: Context, step: dict[str, Any], directory: bool) -> int:
    path = step["target"]
    try:
        if not directory:
            return context.root.file(path)
        return context.root.directory(path, links=step["type"] not in _ORDINARY_ONLY)
    except OSError as error:
        if step["type"] in _ORDINARY_ONLY:
            raise StageError(
                f'filesystem "{step["type"]}" must be mounted on ordinary directory: {path}'
            )
        if error.errno == errno.ENOTDIR:
            raise _refused(
                step,
                f"create mount destination for {path} mount: cannot mkdir in {path}: "
                "not a directory",
            )
        raise OSError(error.errno, f"mounting {path}: {error.strerror}", path)


def _refused(step: dict[str, Any], reason: str) -> StageError:
    """Docker's words for a mount that cannot be made."""
    return StageError(
        f'error during container init: error mounting "{step["name"]}" to rootfs at '
        f'"{step["target"]}": {reason}'
    )


def _failed(step: dict[str, Any], flags: int, data: str, reason: str) -> StageError:
    """The same for one that the kernel refuses. *flags* of mount(2): the first MOUNT_ATTR_ agree
    with them."""
    shown = f", flags: {flags:#x}" if flags else ""
    shown += f", data: {data}" if data else ""
    return _refused(step, f"mount {step['name']}:{step['target']}{shown}: {reason}")


def _filesystem(context: Context, step: dict[str, Any]) -> int:
    options, attributes = _options(context, step), step["attributes"]
    try:
        return new_filesystem(step["type"], options, attributes, step["name"])
    except OSError as error:
        data = ",".join(f"{key}={value}" if value else key for key, value in step["options"])
        raise _failed(step, attributes, data, str(error.strerror).lower()) from None


def mount_one(context: Context, step: dict[str, Any]) -> None:
    if step["type"] == "bind":
        source = _bind(context, step)
        target = _target(context, step, is_directory(source))
    else:
        source = _filesystem(context, step)
        target = _target(context, step, True)
    _keep_procfs_whole(context, step, source, target)
    if step.get("propagation"):
        mount.set_attributes(source, propagation=step["propagation"], recursive=True)
    if is_directory(source) != is_directory(target):
        raise _failed(step, _BIND, "", "not a directory")
    mount.move_mount(source, target)
    os.close(target)
    if step["type"] == "proc":
        context.proc = source
    else:
        os.close(source)


def make_placeholders(context: Context, step: dict[str, Any]) -> None:
    """The files by which programs notice that they are in a container, and where mounts are."""
    root = context.root
    try:
        os.close(root.file("/.dockerenv", 0o755))
        if not root.exists("/etc/mtab"):
            etc = root.directory("/etc")
            os.symlink("/proc/mounts", "mtab", dir_fd=etc)
            os.close(etc)
    except OSError:
        return


def make_directory(context: Context, step: dict[str, Any]) -> None:
    """The working directory, where the image lacks it."""
    try:
        os.close(context.root.directory(step["path"]))
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            raise StageError(f"Cannot mkdir: {step['path']} is not a directory", 128)
