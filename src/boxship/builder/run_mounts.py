"""``RUN --mount``: one row a type, with the options that it takes."""

import csv
import json
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from boxship.builder.dockerfile.errors import DockerfileError, suggest
from boxship.builder.work import CONTEXT, NOTHING, Mount, Origin

Expand = Callable[[str], str]
Find = Callable[[str], Origin]

_ALIASES = {
    "src": "source",
    "dst": "target",
    "destination": "target",
    "ro": "readonly",
    "rw": "readwrite",
}
_SWITCHES = ("readonly", "readwrite", "required")
_SIZE = re.compile(r"\d+(?:\.\d+)?\s*([kmgt]i?b?|b)?\Z", re.IGNORECASE | re.ASCII)
_OWNER = ("mode", "uid", "gid")
_SHARING = ("shared", "private", "locked")


@dataclass(frozen=True, slots=True)
class _Kind:
    options: tuple[str, ...]
    needs_target: bool = True


_KINDS = {
    "bind": _Kind(("target", "source", "from", "readonly", "readwrite")),
    "cache": _Kind(("target", "id", "readonly", "readwrite", "sharing", "from", "source", *_OWNER)),
    "tmpfs": _Kind(("target", "size")),
    "secret": _Kind(("target", "id", "env", "required", *_OWNER), False),
    "ssh": _Kind(("target", "id", "required", *_OWNER), False),
}


def parse_mount(text: str, expand: Expand, directory: str, find: Find) -> Mount:
    """The value of one ``--mount``. Relative targets are below *directory*.

    :class:`DockerfileError` for what no mount has.
    """
    options = _options(text, expand)
    kind = options.pop("type", "bind")
    row = _KINDS.get(kind)
    if row is None:
        hint = suggest(kind, _KINDS)
        raise DockerfileError(f'unsupported mount type "{kind}"{hint}', token=kind)
    for name in options:
        if name not in row.options:
            hint = suggest(name, row.options)
            message = f"unexpected key '{name}' for mount type '{kind}'{hint}"
            raise DockerfileError(message, token=name)
    target = options.pop("target", "")
    if row.needs_target and not target:
        raise DockerfileError(f'mount of type "{kind}" has no target', token=text)
    _check(kind, options)
    return _mount(kind, target, options, directory, find)


def _options(text: str, expand: Expand) -> dict[str, str]:
    try:
        fields = next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise DockerfileError(f"failed to parse csv mounts: {error}", token=text) from None
    options: dict[str, str] = {}
    for field in fields:
        name, equals, value = field.partition("=")
        written = name.strip().lower()
        name = _ALIASES.get(written, written)
        if not equals and name not in _SWITCHES:
            raise DockerfileError(f"invalid field '{field}' must be a key=value pair", token=field)
        if name in _SWITCHES:
            lowered = value.lower() if equals else "true"
            if lowered not in ("true", "false", "1", "0"):
                raise DockerfileError(f"invalid value for {written}: {value}", token=field)
            value = "true" if lowered in ("true", "1") else "false"
        options[name] = expand(value)
    if "readwrite" in options:
        options["readonly"] = "false" if options.pop("readwrite") == "true" else "true"
    return options


def _check(kind: str, options: dict[str, str]) -> None:
    for name in ("uid", "gid"):
        value = options.get(name, "0")
        if not (value.isascii() and value.isdigit() and len(value) < 11):
            raise DockerfileError(f"invalid value {value} for {name}", token=value)
    if not re.fullmatch(r"[0-7]{1,5}", options.get("mode", "0")):
        raise DockerfileError(f"invalid value {options['mode']} for mode", token=options["mode"])
    if kind == "cache" and options.get("sharing", "shared") not in _SHARING:
        message = f"unsupported sharing value {json.dumps(options['sharing'])}"
        raise DockerfileError(message, token=options["sharing"])
    if "size" in options and not _SIZE.match(options["size"]):
        raise DockerfileError(f"invalid value for size: {options['size']}", token=options["size"])


def _mount(kind: str, target: str, options: dict[str, str], directory: str, find: Find) -> Mount:
    name = options.pop("from", "")
    source = options.pop("source", "")
    origin = NOTHING
    if kind == "bind":
        origin = find(name) if name else CONTEXT
        options.setdefault("readonly", "true")
        source = source or "/"
    elif kind == "cache" and name:
        origin = find(name)
    elif kind == "secret":
        options.setdefault("id", posixpath.basename(target))
        if not options["id"]:
            raise DockerfileError("invalid secret mount without source or target")
        if not target and not options.get("env"):
            target = f"/run/secrets/{posixpath.basename(options['id'])}"
    elif kind == "ssh":
        options.setdefault("id", "default")
        target = target or f"/run/buildkit/ssh_agent.{options['id']}"
    if target:
        target = posixpath.normpath(posixpath.join(directory, target))
        if target in ("/", "//"):
            raise DockerfileError('invalid mount target "/"', token="/")
    if kind == "cache":
        options.setdefault("id", target)
    return Mount(kind, target, origin, source, options)
