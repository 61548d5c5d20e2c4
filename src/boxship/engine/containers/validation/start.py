"""What Docker looks at only when a container starts: values that the kernel must accept."""

from collections.abc import Iterable

from boxship.base.errors import InvalidParameter
from boxship.engine.containers.validation.addresses import is_ip
from boxship.engine.containers.validation.logging import check_log_values
from boxship.engine.containers.validation.sysctls import check_sysctl
from boxship.types.host_config import HostConfig, Ulimit

_RUNTIME = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed"
)
#: Names of getrlimit(2) without their prefix.
RLIMITS = frozenset(
    {
        "AS",
        "CORE",
        "CPU",
        "DATA",
        "FSIZE",
        "LOCKS",
        "MEMLOCK",
        "MSGQUEUE",
        "NICE",
        "NOFILE",
        "NPROC",
        "RSS",
        "RTPRIO",
        "RTTIME",
        "SIGPENDING",
        "STACK",
    }
)
#: Mount flags and options that ``--tmpfs`` takes (mount(8), tmpfs(5)).
_TMPFS_FLAGS = frozenset(
    {"rw", "ro", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "sync", "async", "dirsync"}
    | {"mand", "nomand", "atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime"}
    | {"strictatime", "nostrictatime", "private", "rprivate", "shared", "rshared", "slave"}
    | {"rslave", "unbindable", "runbindable", "remount", "bind", "rbind"}
)
_TMPFS_VALUES = frozenset({"mode", "uid", "gid", "size", "nr_blocks", "nr_inodes", "mpol"})
_UNLIMITED = 2**64 - 1


def check_start(host: HostConfig) -> None:
    """:class:`InvalidParameter` for the first value of *host* that cannot work."""
    for address in host.dns or ():
        if not is_ip(address):
            raise InvalidParameter(
                f'bad nameserver address {address}: ParseAddr("{address}"): unable to parse IP'
            )
    for request in host.device_requests or ():
        wanted = " ".join(f"[{' '.join(group or ())}]" for group in request.capabilities or ())
        raise InvalidParameter(
            f'could not select device driver "{request.driver}" with capabilities: [{wanted}]'
        )
    for options in (host.tmpfs or {}).values():
        check_tmpfs_options(option for option in options.split(",") if option)
    _check_mounts(host)
    try:
        for ulimit in host.ulimits or ():
            _check_ulimit(ulimit)
        for name in host.sysctls or ():
            check_sysctl(name, host)
    except ValueError as error:
        raise InvalidParameter(f"{_RUNTIME}: {error}: unknown") from None
    check_log_values(host.log_config)


def check_tmpfs_options(options: Iterable[str]) -> None:
    for option in options:
        name, equals, _ = option.partition("=")
        if name not in (_TMPFS_VALUES if equals else _TMPFS_FLAGS):
            raise InvalidParameter(f'invalid tmpfs option "{name}"')


def _check_mounts(host: HostConfig) -> None:
    for mount in host.mounts or ():
        bind = mount.bind_options
        if bind is not None and bind.read_only_force_recursive and not mount.read_only:
            raise InvalidParameter(
                "mount options conflict: !ReadOnly && BindOptions.ReadOnlyForceRecursive"
            )
        for option in (mount.tmpfs_options and mount.tmpfs_options.options) or ():
            check_tmpfs_options(["=".join(option or ())])


def _check_ulimit(ulimit: Ulimit) -> None:
    name = ulimit.name.upper()
    if name not in RLIMITS:
        raise ValueError(f"wrong rlimit value: RLIMIT_{name}")
    if ulimit.soft & _UNLIMITED > ulimit.hard & _UNLIMITED:
        raise ValueError(
            "error during container init: error setting rlimits for ready process: "
            f"error setting rlimit type {ulimit.name}: invalid argument"
        )
