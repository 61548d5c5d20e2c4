"""``daemon.json``: the daemon's settings in a file, with dockerd's names."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from boxship.base.errors import InvalidParameter

LOG_LEVELS = ("debug", "info", "warn", "error", "fatal")
DEFAULT_FILE = "/etc/boxship/daemon.json"
# Accepted because dockerd's clients and unit files pass them; they change nothing here.
IGNORED = frozenset({"storage-driver", "experimental", "userland-proxy-path"})


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_log_level(value: Any) -> bool:
    return value in LOG_LEVELS


def is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Return whether *value* is a whole number; JSON's true is an int for Python."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def is_table(value: Any) -> bool:
    return isinstance(value, dict)


def is_table_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def is_table_of_tables(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, dict) for each in value.values())


def is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


EXPECTED = {
    is_text: "a text",
    is_log_level: f"one of {', '.join(LOG_LEVELS)}",
    is_switch: "true or false",
    is_number: "a whole number",
    is_list_of_texts: "a list of texts",
    is_table: "a table",
    is_table_of_texts: "a table of texts",
    is_table_of_tables: "a table of tables",
    is_list_of_tables: "a list of tables",
}

#: The keys that the file may have, each with the check of its value.
KEYS = {
    **dict.fromkeys(
        (
            "bip",
            "bip6",
            "bridge",
            "cgroup-parent",
            "data-root",
            "default-gateway",
            "default-gateway-v6",
            "exec-root",
            "fixed-cidr",
            "fixed-cidr-v6",
            "group",
            "host-gateway-ip",
            "ip",
            "log-driver",
            "pidfile",
            "published-ports",
            "tlscacert",
            "tlscert",
            "tlskey",
            "userns-remap",
        ),
        is_text,
    ),
    "log-level": is_log_level,
    **dict.fromkeys(
        (
            "debug",
            "docker-socket",
            "icc",
            "init",
            "insecure-tcp",
            "ip-forward",
            "ip-masq",
            "ip6tables",
            "iptables",
            "ipv6",
            "live-restore",
            "tls",
            "tlsverify",
            "userland-proxy",
        ),
        is_switch,
    ),
    **dict.fromkeys(("mtu", "shutdown-timeout"), is_number),
    **dict.fromkeys(
        (
            "allow-nondistributable-artifacts",
            "dns",
            "dns-opts",
            "dns-search",
            "hosts",
            "insecure-registries",
            "labels",
            "registry-mirrors",
        ),
        is_list_of_texts,
    ),
    **dict.fromkeys(("log-opts", "proxies"), is_table_of_texts),
    "registries": is_table,
    **dict.fromkeys(("default-network-opts", "default-ulimits"), is_table_of_tables),
    "default-address-pools": is_list_of_tables,
}


class Source(NamedTuple):
    """The path of the file; *chosen* if the user named it, so that it has to exist."""

    path: str
    chosen: bool

    def error(self, why: object) -> InvalidParameter:
        return InvalidParameter(f"unable to configure the daemon with file {self.path}: {why}")


def read_file(path: str) -> dict[str, Any]:
    """Return the file's values by the names of :class:`Settings`; {} if the default is missing.

    :class:`InvalidParameter` for a file that cannot be read, an unknown key, or a value of the
    wrong kind.
    """
    source = Source(path or DEFAULT_FILE, bool(path))
    result = {}
    for key, value in _parsed(source).items():
        if key in IGNORED:
            continue
        check = KEYS.get(key)
        if check is None:
            raise source.error(
                f"the following directives don't match any configuration option: {key}"
            )
        if not check(value):
            raise source.error(f"invalid {key}: expected {EXPECTED[check]}")
        result[key.replace("-", "_")] = value
    return result


def _parsed(source: Source) -> dict[str, Any]:
    try:
        data = json.loads(Path(source.path).read_text() or "{}")
    except FileNotFoundError:
        if source.chosen:
            raise source.error("no such file or directory") from None
        return {}
    except OSError as error:
        raise source.error(error.strerror) from None
    except (ValueError, RecursionError) as error:
        raise source.error(error) from None
    if not isinstance(data, dict):
        raise source.error("no object")
    return data
