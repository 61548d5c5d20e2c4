"""The process: arguments, environment, user, capabilities, limits."""

from functools import lru_cache
from typing import Any

from boxship.kernel import caps, rlimits
from boxship.runtime.spec.facts import Facts
from boxship.types.container_config import ContainerConfig
from boxship.types.exec_config import ExecConfig
from boxship.types.host_config import HostConfig

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment(env: list[str], tty: bool, facts: Facts) -> list[str]:
    """Docker's own variables first; the user's win."""
    values = {"PATH": DEFAULT_PATH, "HOSTNAME": facts.hostname}
    if tty:
        values["TERM"] = "xterm"
    values |= dict(each.split("=", 1) for each in facts.linked)
    for item in env:
        key, equals, value = item.partition("=")
        if equals:
            values[key] = value
        else:
            values.pop(key, None)
    return [f"{key}={value}" for key, value in values.items()]


def capabilities(names: list[str]) -> dict[str, list[str]]:
    """The five sets, as Docker fills them: nothing is inheritable or ambient."""
    return {
        "bounding": names,
        "effective": names,
        "permitted": names,
        "inheritable": [],
        "ambient": [],
    }


def limits(host: HostConfig, facts: Facts) -> list[dict[str, Any]]:
    wanted = dict(facts.ulimits)
    wanted |= {item.name: (item.soft, item.hard) for item in host.ulimits or ()}
    return [
        {"type": rlimits.spec_name(name), "soft": soft, "hard": hard}
        for name, (soft, hard) in wanted.items()
    ]


def container_capabilities(host: HostConfig) -> list[str]:
    return _select(tuple(host.cap_add or ()), tuple(host.cap_drop or ()), host.privileged)


@lru_cache(maxsize=64)
def _select(add: tuple[str, ...], drop: tuple[str, ...], privileged: bool) -> list[str]:
    """To ask for what could be given away takes a system call for each capability."""
    return caps.select(add, drop, privileged)


def build(
    config: ContainerConfig, host: HostConfig, args: list[str], facts: Facts
) -> dict[str, Any]:
    names = container_capabilities(host)
    return {
        "terminal": config.tty,
        "user": {"username": config.user, "groups": host.group_add or []},
        "args": args,
        "env": environment(config.env or [], config.tty, facts),
        "cwd": config.working_dir or "/",
        "capabilities": capabilities(names),
        "rlimits": limits(host, facts),
        "noNewPrivileges": facts.no_new_privileges,
        "oomScoreAdj": host.oom_score_adj,
        "apparmorProfile": facts.apparmor_profile,
    }


def for_exec(
    session: ExecConfig, config: ContainerConfig, host: HostConfig, facts: Facts
) -> dict[str, Any]:
    """The process of an exec session: the container's own, with what the session changes."""
    privileged = host.privileged or session.privileged
    names = _select(tuple(host.cap_add or ()), tuple(host.cap_drop or ()), privileged)
    env = [*(config.env or ()), *(session.env or ())]
    return {
        "terminal": session.tty,
        "user": {"username": session.user or config.user, "groups": host.group_add or []},
        "args": session.cmd,
        "env": environment(env, session.tty, facts),
        "cwd": session.working_dir or config.working_dir or "/",
        "capabilities": capabilities(names),
        "rlimits": limits(host, facts),
        "noNewPrivileges": facts.no_new_privileges,
        "oomScoreAdj": host.oom_score_adj,
        "apparmorProfile": facts.apparmor_profile,
    }
