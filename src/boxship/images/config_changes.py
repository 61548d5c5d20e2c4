"""``--change`` of commit and import: Dockerfile instructions that alter a configuration.

INSTRUCTIONS is the table; each entry changes the configuration (OCI image-spec, config.md, in
Docker's spelling) in place.
"""

import json
import posixpath
import re
from collections.abc import Callable, Iterable
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.images.health import parse_healthcheck
from boxship.images.words import as_json_list, expand, split

Config = dict[str, Any]
_SHELL = ["/bin/sh", "-c"]
_PORT = re.compile(r"(\d+)(?:-(\d+))?(?:/(\w+))?\Z", re.ASCII)
_PROTOCOLS = ("tcp", "udp", "sctp")


def apply(config: Config, changes: Iterable[str]) -> Config:
    """A copy of *config* after *changes*; :class:`InvalidParameter` in dockerd's words."""
    config = {
        key: value.copy() if isinstance(value, dict | list) else value
        for key, value in config.items()
    }
    lines = [line.strip() for change in changes for line in change.splitlines()]
    steps = [_parse(line) for line in lines if line and not line.startswith("#")]
    cmd_was_set = False
    for name, text in steps:
        INSTRUCTIONS[name](config, text)
        cmd_was_set |= name == "CMD"
        if name == "ENTRYPOINT" and not cmd_was_set:
            config["Cmd"] = None  # made for another entry point
    return config


def _parse(line: str) -> tuple[str, str]:
    name, _, text = line.partition(" ")
    if name.upper() not in INSTRUCTIONS:
        raise InvalidParameter(f"{name.upper()} is not a valid change command")
    return name.upper(), text.strip()


def _command(config: Config, text: str) -> list[str]:
    exec_form = as_json_list(text)
    return exec_form if exec_form is not None else [*(config.get("Shell") or _SHELL), text]


def _cmd(config: Config, text: str) -> None:
    config["Cmd"] = _command(config, text)


def _entrypoint(config: Config, text: str) -> None:
    config["Entrypoint"] = (_command(config, text) if text else None) or None


def _variables(config: Config) -> dict[str, str]:
    return dict(pair.partition("=")[::2] for pair in config.get("Env") or [])


def _at_least_one(name: str, text: str) -> None:
    if not text:
        raise InvalidParameter(f"{name} requires at least one argument")


def _single(config: Config, name: str, text: str) -> str:
    if not text:
        raise InvalidParameter(f"{name} requires exactly one argument")
    return expand(text, _variables(config))


def _pairs(config: Config, name: str, text: str) -> list[tuple[str, str]]:
    """``key=value …`` or, the old form, ``key value``."""
    _at_least_one(name, text)
    head, _, rest = text.partition(" ")
    variables = _variables(config)
    if "=" not in head:
        if not rest.strip():
            raise InvalidParameter(f"{name} must have two arguments")
        return [(head, expand(rest.strip(), variables))]
    pairs = []
    for word in split(text, variables):
        key, equals, value = word.partition("=")
        if not equals:
            raise InvalidParameter(
                f"Syntax error - can't find = in {json.dumps(word)}. Must be of the form: "
                "name=value"
            )
        if not key:
            raise InvalidParameter(f"{name} names can not be blank")
        pairs.append((key, value))
    return pairs


def _env(config: Config, text: str) -> None:
    merged = _variables(config) | dict(_pairs(config, "ENV", text))
    config["Env"] = [f"{key}={value}" for key, value in merged.items()]


def _label(config: Config, text: str) -> None:
    config["Labels"] = (config.get("Labels") or {}) | dict(_pairs(config, "LABEL", text))


def _expose(config: Config, text: str) -> None:
    _at_least_one("EXPOSE", text)
    ports = config.get("ExposedPorts") or {}
    for word in split(text, _variables(config)):
        ports |= {port: {} for port in _ports(word)}
    config["ExposedPorts"] = ports


def _ports(word: str) -> list[str]:
    match = _PORT.match(word)
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if match is None or not low <= high <= 65535:
        raise InvalidParameter(f"Invalid containerPort: {word.partition('/')[0]}")
    protocol = (match[3] or "tcp").lower()
    if protocol not in _PROTOCOLS:
        raise InvalidParameter(f"Invalid proto: {protocol}")
    return [f"{port}/{protocol}" for port in range(low, high + 1)]


def _healthcheck(config: Config, text: str) -> None:
    _at_least_one("HEALTHCHECK", text)
    config["Healthcheck"] = parse_healthcheck(text)


def _onbuild(config: Config, text: str) -> None:
    _at_least_one("ONBUILD", text)
    trigger = text.split()[0].upper()
    if trigger == "ONBUILD":
        raise InvalidParameter("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
    if trigger in ("MAINTAINER", "FROM"):
        raise InvalidParameter(f"{trigger} isn't allowed as an ONBUILD trigger")
    config["OnBuild"] = [*(config.get("OnBuild") or []), text]


def _stopsignal(config: Config, text: str) -> None:
    config["StopSignal"] = _single(config, "STOPSIGNAL", text)


def _user(config: Config, text: str) -> None:
    config["User"] = _single(config, "USER", text)


def _volume(config: Config, text: str) -> None:
    _at_least_one("VOLUME", text)
    exec_form = as_json_list(text)
    paths = exec_form if exec_form is not None else split(text, _variables(config))
    volumes = config.get("Volumes") or {}
    for path in paths:
        if not path.strip():
            raise InvalidParameter("VOLUME specified can not be an empty string")
        volumes[path.strip()] = {}
    config["Volumes"] = volumes


def _workdir(config: Config, text: str) -> None:
    path = _single(config, "WORKDIR", text)
    current = config.get("WorkingDir") or "/"
    config["WorkingDir"] = posixpath.normpath(posixpath.join("/", current, path))


INSTRUCTIONS: dict[str, Callable[[Config, str], None]] = {
    "CMD": _cmd,
    "ENTRYPOINT": _entrypoint,
    "ENV": _env,
    "EXPOSE": _expose,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _label,
    "ONBUILD": _onbuild,
    "STOPSIGNAL": _stopsignal,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
}
