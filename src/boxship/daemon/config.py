"""The daemon's settings: flags, then its configuration file, in dockerd's names."""

import argparse
import os
from dataclasses import dataclass, field
from typing import Any

from boxship import __version__
from boxship.base.errors import InvalidParameter
from boxship.daemon.config_file import DEFAULT_FILE, IGNORED, LOG_LEVELS, read_file
from boxship.daemon.network_flags import add_network_flags

DEFAULT_HOST = "unix:///run/boxship/boxship.sock"


@dataclass(slots=True)
class Settings:
    """*source*: the file the settings came from, for a reload."""

    data_root: str = "/var/lib/boxship"
    exec_root: str = "/run/boxship"
    hosts: list[str] = field(default_factory=list)
    group: str = "docker"
    pidfile: str = ""
    docker_socket: bool = False
    insecure_tcp: bool = False
    log_level: str = "info"
    labels: list[str] = field(default_factory=list)
    tls: bool = False
    tlsverify: bool = False
    tlscacert: str = ""
    tlscert: str = ""
    tlskey: str = ""
    cgroup_parent: str = "/boxship"
    init: bool = False
    userns_remap: str = ""
    live_restore: bool = True
    log_driver: str = "json-file"
    log_opts: dict[str, str] = field(default_factory=dict)
    default_ulimits: dict[str, Any] = field(default_factory=dict)
    shutdown_timeout: int = 15
    registry_mirrors: list[str] = field(default_factory=list)
    insecure_registries: list[str] = field(default_factory=list)
    allow_nondistributable_artifacts: list[str] = field(default_factory=list)
    registries: dict[str, Any] = field(default_factory=dict)
    proxies: dict[str, str] = field(default_factory=dict)
    bridge: str = ""
    bip: str = ""
    bip6: str = ""
    fixed_cidr: str = ""
    fixed_cidr_v6: str = ""
    default_gateway: str = ""
    default_gateway_v6: str = ""
    ipv6: bool = False
    icc: bool = True
    ip: str = ""
    iptables: bool = True
    ip6tables: bool = True
    ip_forward: bool = True
    ip_masq: bool = True
    userland_proxy: bool = True
    published_ports: str = "open"
    mtu: int = 0
    default_address_pools: list[dict[str, Any]] = field(default_factory=list)
    default_network_opts: dict[str, dict[str, str]] = field(default_factory=dict)
    dns: list[str] = field(default_factory=list)
    dns_search: list[str] = field(default_factory=list)
    dns_opts: list[str] = field(default_factory=list)
    host_gateway_ip: str = ""
    debug: bool = False
    ready_fd: int = -1
    validate: bool = False
    source: str = ""


# Settings that a reload (SIGHUP) takes over.
OF_REGISTRIES = (
    "registry_mirrors",
    "insecure_registries",
    "allow_nondistributable_artifacts",
    "registries",
    "proxies",
)
RELOADABLE = ("debug", "log_level", "labels", "shutdown_timeout", *OF_REGISTRIES)

_SWITCHES = {
    "--tls": "speak TLS on tcp:// hosts",
    "--tlsverify": "speak TLS, and ask clients for a certificate",
    "--init": "give every container an init that reaps processes",
}
_TEXTS = {
    "--tlscacert": "file with the authority that signs clients' certificates",
    "--tlscert": "file with the daemon's certificate",
    "--tlskey": "file with the daemon's key",
    "--cgroup-parent": "control group of all containers (default /boxship)",
    "--log-driver": "where containers' output goes unless they say otherwise",
}
# The flag, its setting, the word for its value, what it does.
_LISTS = (
    ("--label", "labels", "KEY=VALUE", "a label of the daemon"),
    ("--log-opt", "log_opts", "KEY=VALUE", "an option of containers' log driver"),
    ("--default-ulimit", "default_ulimits", "NAME=SOFT[:HARD]", "a process limit of containers"),
    ("--registry-mirror", "registry_mirrors", "URL", "ask it for Docker Hub's images first"),
)
_PROXIES = ("http-proxy", "https-proxy", "no-proxy")


def flag_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="boxship daemon", description="Run the engine.", allow_abbrev=False
    )
    _add_places(parser)
    _add_containers(parser)
    _add_registries(parser)
    add_network_flags(parser)
    for name in sorted(IGNORED):
        parser.add_argument(f"--{name}", nargs="?", help=argparse.SUPPRESS)
    version = f"Boxship version {__version__}"
    parser.add_argument(
        "-v", "--version", action="version", version=version, help="print the version"
    )
    return parser


def _add_places(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say where the daemon keeps things, listens and logs."""
    add = parser.add_argument
    add("--data-root", help="what survives a reboot: images and containers")
    add("--exec-root", help="what does not: sockets and state of running containers")
    add("-H", "--host", dest="hosts", action="append", help="unix://, tcp:// or fd://")
    add("-G", "--group", help="group of the unix socket")
    add(
        "--docker-socket",
        action="store_true",
        default=None,
        help="listen at /var/run/docker.sock too, where other programs look for the engine",
    )
    add(
        "--insecure-tcp",
        action="store_true",
        default=None,
        help="let everybody who reaches a tcp:// host without TLS be root on this machine",
    )
    add("-p", "--pidfile", help="where the process id is written (default EXEC_ROOT/boxship.pid)")
    add("-l", "--log-level", choices=LOG_LEVELS, help="the least severe messages to log")
    add("-D", "--debug", action="store_true", default=None, help="log everything")
    add("--config-file", default="", help=f"settings as JSON (default {DEFAULT_FILE})")
    add(
        "--validate",
        action="store_true",
        default=None,
        help="check flags and configuration file, and end",
    )
    add("--ready-fd", type=int, help="a descriptor to write to once the sockets listen")


def _add_containers(parser: argparse.ArgumentParser) -> None:
    """Add the flags of TLS, and the defaults of containers."""
    add = parser.add_argument
    for flag, about in _SWITCHES.items():
        add(flag, action="store_true", default=None, help=about)
    for flag, about in _TEXTS.items():
        add(flag, help=about)
    for flag, name, shown, about in _LISTS:
        add(flag, dest=name, action="append", metavar=shown, help=about)
    add(
        "--userns-remap",
        metavar="USER[:GROUP]",
        help="run containers as the subordinate users of USER (default: dockremap)",
    )
    add(
        "--live-restore",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="keep containers running while the daemon is down (on)",
    )
    add("--shutdown-timeout", type=int, help="seconds that containers get to end with the daemon")


def _add_registries(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say how registries are reached."""
    add = parser.add_argument
    add(
        "--insecure-registry",
        dest="insecure_registries",
        action="append",
        metavar="HOST|NETWORK",
        help="reach it without TLS, or without looking at its certificate",
    )
    add(
        "--allow-nondistributable-artifacts",
        action="append",
        metavar="HOST|NETWORK",
        help="send it layers that are not to be distributed",
    )
    for name in _PROXIES:
        add(f"--{name}", metavar="VALUE", help="instead of the environment's variable")


def _pairs(items: list[str], flag: str) -> dict[str, str]:
    result = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals:
            raise InvalidParameter(f"invalid {flag} {item!r}: expected KEY=VALUE")
        result[key] = value
    return result


def _ulimit(name: str, value: Any) -> tuple[int, int]:
    """``1024:2048`` from a flag, ``{"Soft": …, "Hard": …}`` from a file."""
    try:
        if isinstance(value, dict):
            return int(value.get("Soft", -1)), int(value.get("Hard", -1))
        soft, _, hard = str(value).partition(":")
        return int(soft), int(hard or soft)
    except (TypeError, ValueError):
        raise InvalidParameter(f"invalid ulimit argument: {name}={value}") from None


def load(argv: list[str]) -> Settings:
    """Return the settings of flags and file.

    Hosts of both count: service managers name their socket by a flag. Any other setting that is
    in both is refused, as dockerd does.
    """
    flags = {k: v for k, v in vars(flag_parser().parse_args(argv)).items() if v is not None}
    path = flags.pop("config_file", "")
    for name in IGNORED:
        flags.pop(name.replace("-", "_"), None)
    for name in ("log_opts", "default_ulimits"):
        if name in flags:
            flags[name] = _pairs(flags[name], name)
    chosen = {name: flags.pop(name.replace("-", "_"), None) for name in _PROXIES}
    if any(chosen.values()):
        flags["proxies"] = {name: value for name, value in chosen.items() if value}
    from_file = read_file(path)
    if "hosts" in flags:
        flags["hosts"] = list(dict.fromkeys([*flags["hosts"], *from_file.pop("hosts", [])]))
    both = sorted(set(flags) & set(from_file))
    if both:
        raise InvalidParameter(
            "unable to configure the daemon with file: the following directives are specified "
            f"both as a flag and in the configuration file: {', '.join(both)}"
        )
    settings = Settings(**from_file, **flags)
    settings.source = path
    settings.default_ulimits = {
        name: _ulimit(name, value) for name, value in settings.default_ulimits.items()
    }
    settings.hosts = settings.hosts or [DEFAULT_HOST]
    settings.exec_root = os.path.abspath(settings.exec_root)
    settings.pidfile = os.path.abspath(settings.pidfile or f"{settings.exec_root}/boxship.pid")
    settings.data_root = os.path.abspath(settings.data_root)
    return settings
