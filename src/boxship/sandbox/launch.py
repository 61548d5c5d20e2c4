"""From a prepared process to the user's program: limits, user, capabilities, seccomp, execve(2)."""

import contextlib
import errno
import fcntl
import os
import stat
import termios
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from boxship.kernel import apparmor, caps, process, rlimits, seccomp_install
from boxship.kernel.openat2 import NO_MAGICLINKS, openat2
from boxship.sandbox import passwd
from boxship.sandbox.failure import StageError
from boxship.sandbox.root import Root

_UNMAPPED = (
    "error during container init: unable to setup user: cannot set {} to unmapped user in user "
    "namespace"
)

_OOM_SCORE = "/proc/self/oom_score_adj"
_NULL = os.makedev(1, 3)
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def find_user(spec: dict[str, Any], root: Root) -> passwd.User:
    """The credentials of a process spec (``user.username``, ``user.groups``)."""
    user = spec["user"]
    files = root.read_regular("/etc/passwd"), root.read_regular("/etc/group")
    return passwd.resolve(user["username"], user.get("groups", []), *files)


def write_to_host_procfs(spec: dict[str, Any]) -> None:
    """Set the OOM score and the AppArmor profile of the program, which a fork inherits.

    Call it while /proc still is the host's: a container could have redirected its own.
    """
    write_oom_score(spec.get("oomScoreAdj") or 0)
    if spec.get("apparmorProfile"):
        apparmor.confine_next_exec(spec["apparmorProfile"])


def write_oom_score(score: int) -> None:
    """Set our own score; below zero it takes CAP_SYS_RESOURCE."""
    fd = os.open(_OOM_SCORE, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, str(score).encode())
    except OSError as error:
        raise OSError(error.errno, error.strerror, _OOM_SCORE) from None
    finally:
        os.close(fd)


def is_null(fd: int) -> bool:
    """Whether *fd* is the null device."""
    status = os.fstat(fd)
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == _NULL


@contextlib.contextmanager
def _mapped(kind: str) -> Iterator[None]:
    """What fails where our user namespace has no such number for anybody."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise StageError(_UNMAPPED.format(kind)) from None


def open_own_null(root: Root, stdio: list[int]) -> None:
    """Make the container's own /dev/null its standard input, in place of a pipe without a writer.

    The pipe stays, and reads as an empty file, where the container has no null device there.
    """
    try:
        null = root.open("/dev/null", os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return
    if is_null(null):
        os.set_blocking(null, True)
        os.dup2(null, stdio[0], inheritable=False)
    os.close(null)


def give_away(stdio: list[int], uid: int) -> None:
    """Let the user open /dev/stdout and its like; /dev/null keeps its owner."""
    for fd in {*stdio}:
        if not is_null(fd):
            with _mapped("uid"):
                os.fchown(fd, uid, -1)


def lead_session(tty: bool) -> None:
    """Begin a session, whose controlling terminal is standard input if that is a *tty*."""
    os.setsid()
    if tty:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def take_stdio(child: list[int]) -> None:
    """Make *child* the descriptors 0, 1, 2."""
    safe = [fd if fd > 2 else fcntl.fcntl(fd, fcntl.F_DUPFD, 3) for fd in child]
    for target, fd in enumerate(safe):
        os.dup2(fd, target, inheritable=True)


def become(spec: dict[str, Any], user: passwd.User) -> None:
    """Be *user*, with the spec's capabilities in force and all others kept in reserve.

    So paths are seen as the program will see them, before the filter may forbid to look.
    """
    caps.keep_on_setuid()
    with _mapped("gid"):
        os.setgroups(user.groups)
        os.setresgid(user.gid, user.gid, user.gid)
    with _mapped("uid"):
        os.setresuid(user.uid, user.uid, user.uid)
    # Changing credentials makes a process dumpable as /proc/sys/fs/suid_dumpable says.
    process.set_dumpable(False)
    _, held, inheritable = caps.get()
    caps.put(caps.mask(_permitted(spec, user)) & held, held, inheritable)


def _permitted(spec: dict[str, Any], user: passwd.User) -> list[str]:
    sets = spec["capabilities"]
    names: list[str] = sets["permitted"] if user.uid == 0 else sets.get("ambient", [])
    return names


def confine(spec: dict[str, Any], user: passwd.User, filter_program: bytes | None) -> None:
    """Give up the reserve and install seccomp, as late as it can be: old profiles forbid much.

    Without no_new_privs the filter needs CAP_SYS_ADMIN and so comes before the capabilities go.
    """
    sets = spec["capabilities"]
    no_new_privs = bool(spec.get("noNewPrivileges"))
    if filter_program and not no_new_privs:
        _, held, inheritable = caps.get()
        caps.put(held, held, inheritable)
        seccomp_install.install(*seccomp_install.unpack(filter_program))
    permitted = _permitted(spec, user)
    inherited, ambient = sets.get("inheritable", ()), sets.get("ambient", ())
    caps.apply(sets["bounding"], permitted, permitted, inherited, ambient)
    if no_new_privs:
        process.set_no_new_privs()
    if filter_program and no_new_privs:
        seccomp_install.install(*seccomp_install.unpack(filter_program))


def _not_found(name: str, reason: str, code: int) -> StageError:
    return StageError(f'exec: "{name}": {reason}', code)


def _check(path: str, name: str) -> str:
    try:
        mode = os.stat(path).st_mode
    except PermissionError:
        raise _not_found(name, "permission denied", 126) from None
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise _not_found(name, f"stat {path}: {reason}", 127) from None
    if stat.S_ISDIR(mode):
        raise _not_found(name, "is a directory", 126)
    if not mode & 0o111 or not os.access(path, os.X_OK, effective_ids=True):
        raise _not_found(name, "permission denied", 126)
    return path


def _search(name: str, path: str) -> str:
    """The program *name* on *path*, as Go's exec.LookPath finds it."""
    denied = False
    for directory in path.split(":"):
        candidate = os.path.join(directory or ".", name)
        try:
            return _check(candidate, name)
        except StageError as error:
            denied = denied or (error.code == 126 and "denied" in str(error))
    if denied:
        raise _not_found(name, "permission denied", 126)
    raise _not_found(name, "executable file not found in $PATH", 127)


def find_program(name: str, environment: dict[str, str]) -> str:
    """Where the program is, seen by the user that will run it. :class:`StageError`."""
    if not name:
        raise _not_found(name, "executable file not found in $PATH", 127)
    if "/" in name:
        return _check(name, name)
    return _search(name, environment.get("PATH", _DEFAULT_PATH))


def change_directory(path: str) -> None:
    """Enter the working directory, which must lie below the container's root."""
    try:
        os.chdir(path)
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise StageError(f'chdir to cwd ("{path}") set in config.json failed: {reason}', 126)
    try:
        inside = os.getcwd().startswith("/")
    except OSError:
        inside = False
    if not inside:
        os.chdir("/")
        raise StageError(
            "current working directory is outside of container mount namespace root -- possible "
            "container breakout detected",
            126,
        )


def _enter_as_root(path: str) -> bool:
    """Whether the working directory could be entered before the user's rights are in force.

    A user may be put into a directory that only root can reach, as with runc.
    """
    try:
        change_directory(path)
    except StageError:
        return False
    return True


def check_program(program: str, name: str) -> None:
    """Refuse a *program* that a magic link of procfs leads to (CVE-2019-5736)."""
    try:
        os.close(openat2(-100, program, os.O_PATH, 0, NO_MAGICLINKS))
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _not_found(name, "permission denied", 126) from None
        raise _not_found(name, f"stat {program}: {(error.strerror or '').lower()}", 127) from None


def execute(program: str, args: list[str], environment: dict[str, str]) -> NoReturn:
    """execve(2) on *program*, which :func:`check_program` has checked.

    By its path, because the kernel names a process that is run by descriptor after the file that
    a link such as /bin/sh leads to; because the interpreter of a script cannot open a close-on-exec
    descriptor; and because old seccomp profiles do not know execveat(2). What a swap since the
    check could reach is the sealed interpreter at most. A failure is the program's own: text on
    its standard error and an exit code.
    """
    try:
        os.execve(program, args, environment)
    except OSError as error:
        reason = (error.strerror or "").lower()
        os.write(2, f"exec {program}: {reason}\n".encode("utf-8", "surrogateescape"))
    os._exit(1)


def environment_of(spec: dict[str, Any], user: passwd.User) -> dict[str, str]:
    """The environment; HOME comes from the image's passwd where the user set none."""
    environment: dict[str, str] = {}
    for item in spec["env"]:
        key, _, value = item.partition("=")
        environment[key] = value
    if not environment.get("HOME"):
        environment["HOME"] = user.home
    return environment


def _limit(spec: dict[str, Any]) -> None:
    try:
        rlimits.apply(spec.get("rlimits", ()))
    except PermissionError as error:
        raise StageError(
            "error during container init: error setting rlimits for ready process: "
            f"error setting {error.filename}: operation not permitted"
        ) from None


def launch(
    spec: dict[str, Any],
    root: Root,
    filter_program: bytes | None,
    stdio: list[int],
    before_filter: Callable[[], None],
    before_exec: Callable[[], None],
    joins: bool = False,
) -> NoReturn:
    """Run the program of the OCI process *spec* in this process, which already is in its place.

    *before_filter* is called while every system call is still allowed, *before_exec* at the end.
    A process that *joins* a container leads its session only once *before_exec* has forked it.
    """
    user = find_user(spec, root)
    give_away(stdio, user.uid)
    os.umask(0o022 if spec.get("umask") is None else spec["umask"])
    take_stdio(stdio)
    if not joins:
        lead_session(bool(spec.get("terminal")))
    _limit(spec)
    directory = spec.get("cwd") or "/"
    entered = _enter_as_root(directory)
    become(spec, user)
    if not entered:
        change_directory(directory)
    environment = environment_of(spec, user)
    args = spec["args"]
    program = find_program(args[0], environment)
    check_program(program, args[0])
    before_filter()
    confine(spec, user, filter_program)
    before_exec()
    execute(program, args, environment)
