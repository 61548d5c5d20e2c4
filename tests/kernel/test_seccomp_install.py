"""Compiled filters in the kernel."""

import errno
import os
import signal
import socket
import threading

import pytest

from boxship.kernel import caps, libc, mount, process, seccomp
from boxship.kernel.seccomp import actions, numbers
from boxship.kernel.seccomp.profile import Condition, Filter, Rule
from boxship.kernel.seccomp_install import FLAG_LOG, FLAG_TSYNC
from support.forked import errno_of, in_child
from support.requirements import require_root

CALLS = numbers.table(numbers.NATIVE[libc.MACHINE])
_PR_GET_SECCOMP = 21


@pytest.fixture(autouse=True)
def _as_root() -> None:
    require_root()


def default_program(held: list[str]) -> bytes:
    kernel = tuple(map(int, os.uname().release.split(".")[:2]))
    resolved = seccomp.docker_default().resolve(
        held, libc.MACHINE, numbers.NATIVE[libc.MACHINE], (kernel[0], kernel[1])
    )
    return seccomp.compile(resolved, libc.MACHINE)


def raw(name: str, *args: int) -> int:
    return errno_of(libc.syscall, CALLS[name], *args)


def attempts() -> dict[str, int]:
    return {
        "mount": errno_of(mount.mount, "none", "/proc/self/nowhere", "tmpfs"),
        "unshare": errno_of(process.unshare, process.CLONE_NEWUTS),
        "clone3": raw("clone3", 0, 0),
        "keyctl": raw("keyctl", 0, 0),
        "above every known call": errno_of(libc.syscall, 5000),
        "AF_ALG": errno_of(lambda: socket.socket(38, socket.SOCK_SEQPACKET).close()),
        "AF_UNIX": errno_of(lambda: socket.socket(socket.AF_UNIX).close()),
        "personality(query)": raw("personality", 0xFFFFFFFF),
        "personality(ADDR_NO_RANDOMIZE)": raw("personality", 0x40000),
        "getpid": raw("getpid"),
        "fork": errno_of(fork_once),
    }


def fork_once() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def test_dockers_default_profile() -> None:
    program = default_program(list(caps.DOCKER_DEFAULT))

    def confined() -> dict[str, int]:
        seccomp.install(program)
        return attempts()

    result = in_child(confined)
    assert result == {
        "mount": errno.EPERM,
        "unshare": errno.EPERM,
        "clone3": errno.ENOSYS,
        "keyctl": errno.EPERM,
        "above every known call": errno.ENOSYS,
        "AF_ALG": errno.EPERM,
        "AF_UNIX": 0,
        "personality(query)": 0,
        "personality(ADDR_NO_RANDOMIZE)": errno.EPERM,
        "getpid": 0,
        "fork": 0,
    }


def test_sys_admin_opens_its_calls() -> None:
    program = default_program([*caps.DOCKER_DEFAULT, "CAP_SYS_ADMIN"])

    def confined() -> list[int]:
        seccomp.install(program)
        return [
            errno_of(mount.mount, "none", "/proc/self/nowhere", "tmpfs"),
            errno_of(process.unshare, process.CLONE_NEWUTS),
            raw("clone3", 0, 0),
            raw("keyctl", 0, 0),
        ]

    assert in_child(confined) == [errno.ENOENT, 0, errno.EINVAL, errno.EPERM]


def test_the_filter_survives_fork_and_shows_in_prctl() -> None:
    program = seccomp.compile(refuse("mkdirat", actions.ERRNO | errno.EDQUOT))

    def confined() -> list[int]:
        seccomp.install(program, FLAG_LOG)
        mode = libc.call("prctl", _PR_GET_SECCOMP, 0, 0, 0, 0)
        return [mode, in_child(lambda: raw("mkdirat", -1, 0, 0))]

    assert in_child(confined) == [2, errno.EDQUOT]


def refuse(call: str, action: int, *conditions: Condition) -> Filter:
    return Filter(actions.ALLOW, (), (Rule((call,), action, conditions),))


@pytest.mark.parametrize(
    ("action", "fate"),
    [
        (actions.KILL_PROCESS, -signal.SIGSYS),
        (actions.KILL_THREAD, -signal.SIGSYS),
        (actions.TRAP, -signal.SIGSYS),
        (actions.LOG, 0),
        # No tracer is attached and nobody listens.
        (actions.TRACE | 1, errno.ENOSYS),
        (actions.NOTIFY, errno.ENOSYS),
    ],
)
def test_actions(action: int, fate: int) -> None:
    program = seccomp.compile(refuse("sync", action))

    def confined() -> int:
        seccomp.install(program)
        return raw("sync")

    assert in_child(confined) == fate


def test_conditions_see_all_64_bits() -> None:
    wanted = (7 << 32) + 3
    condition = Condition(1, "==", wanted)
    program = seccomp.compile(refuse("lseek", actions.ERRNO | errno.EXDEV, condition))

    def confined() -> list[int]:
        seccomp.install(program)
        return [raw("lseek", -1, offset, 0) for offset in (wanted, 3, 7 << 32, wanted + 1)]

    assert in_child(confined) == [errno.EXDEV, errno.EBADF, errno.EBADF, errno.EBADF]


def test_an_unprivileged_process_needs_no_new_privs() -> None:
    program = seccomp.compile(refuse("sync", actions.ERRNO | errno.EDQUOT))

    def confined() -> list[int]:
        os.setuid(65534)
        before = errno_of(seccomp.install, program)
        process.set_no_new_privs()
        return [before, errno_of(seccomp.install, program), raw("sync")]

    assert in_child(confined) == [errno.EACCES, 0, errno.EDQUOT]


def test_tsync_reaches_the_other_threads() -> None:
    program = seccomp.compile(refuse("sync", actions.ERRNO | errno.EDQUOT))

    def confined() -> int:
        go, seen = threading.Event(), []
        other = threading.Thread(target=lambda: (go.wait(), seen.append(raw("sync"))))
        other.start()
        seccomp.install(program, FLAG_TSYNC)
        go.set()
        other.join()
        return seen[0]

    assert in_child(confined) == errno.EDQUOT


def test_the_kernel_refuses_nonsense() -> None:
    assert in_child(lambda: errno_of(seccomp.install, b"\x00" * 8)) == errno.EINVAL
