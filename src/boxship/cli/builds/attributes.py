"""Flags as BuildKit's attributes, and those that BuildKit has none for under names of our own."""

from __future__ import annotations

import os

from boxship.cli.builds.fields import join_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.flags.arguments import Arguments

CALLS = ("build", "check", "outline", "targets")
_QUESTIONS = {"check": "frontend.lint", "outline": "frontend.outline"}
_QUESTIONS |= {"targets": "frontend.targets", "plan": "boxship.plan"}
_NETWORKS = ("", "default", "none", "host")
_TEXTS = {
    "target": "target",
    "cgroup-parent": "cgroup-parent",
    "cpuset-cpus": "boxship.cpuset-cpus",
    "cpuset-mems": "boxship.cpuset-mems",
}
_NUMBERS = {
    "shm-size": "shm-size",
    "memory": "boxship.memory",
    "memory-swap": "boxship.memory-swap",
    "cpu-period": "boxship.cpu-period",
    "cpu-quota": "boxship.cpu-quota",
    "cpu-shares": "boxship.cpu-shares",
}


def attributes_of(arguments: Arguments, call: str) -> dict[str, str]:
    """*call*: what to do, one of :data:`CALLS` or ``plan``. :class:`InvalidParameter`."""
    text, number = arguments.text, arguments.number
    found = {name: text(flag) for flag, name in _TEXTS.items()}
    found |= {name: str(number(flag) or "") for flag, name in _NUMBERS.items()}
    network = text("network")
    found["force-network-mode" if network in _NETWORKS else "boxship.network"] = network
    found["platform"] = ",".join(arguments.texts("platform"))
    found["add-hosts"] = join_fields([_host(host) for host in arguments.texts("add-host")])
    found["ulimit"] = join_fields([_ulimit(row) for row in arguments.items("ulimit")])
    found["boxship.security-opt"] = join_fields(arguments.texts("security-opt"))
    found["boxship.squash"] = "true" if arguments.on("squash") else ""
    found["image-resolve-mode"] = "pull" if arguments.on("pull") else ""
    found["requestid"] = _QUESTIONS.get(call, "")
    found = {name: value for name, value in found.items() if value}
    if arguments.on("no-cache") or arguments.texts("no-cache-filter"):
        found["no-cache"] = join_fields(arguments.texts("no-cache-filter"))
    for prefix, flag in (("build-arg", "build-arg"), ("label", "label")):
        pairs = pairs_of(arguments.texts(flag), from_environment=flag == "build-arg")
        found |= {f"{prefix}:{name}": value for name, value in pairs.items()}
    return found


def pairs_of(texts: list[str], from_environment: bool = False) -> dict[str, str]:
    """``NAME=VALUE``; an argument that is a name alone takes its value from here, if it has one."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if equals or not from_environment:
            found[name] = value
        elif name in os.environ:
            found[name] = os.environ[name]
    return found


def _host(text: str) -> str:
    name, _, address = text.partition(":")
    return f"{name}={address}"


def _ulimit(row: Any) -> str:
    return f"{row['Name']}={row['Soft']}:{row['Hard']}"
