"""The front end's attributes: what a client asks of a build, as BuildKit writes it."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from boxship.base.errors import InvalidParameter, NotSupported
from boxship.builder import git_address, outline
from boxship.builder.options import HOSTNAME, BuildOptions, Limits
from boxship.builder.stage import EPOCH
from boxship.builder.work import Origin
from boxship.images import platform as platforms
from boxship.types.host_config import Ulimit

_SECOND = 1_000_000_000
_FRONT_END = re.compile(r"(?:docker\.io/)?docker/dockerfile(?:-upstream)?(?:[:@]\S+)?\Z")
_OWN = "docker/dockerfile"
PLAN = "boxship.plan"
QUESTIONS = frozenset((PLAN, *(f"frontend.{name}" for name in outline.REQUESTS)))
# What BuildKit has no attribute for, and our own client asks for.
_OURS = "boxship."
_MOST_WORDS = 1000
_RESOLVE_MODES = ("", "default", "local", "pull")


@dataclass(frozen=True, slots=True)
class CacheSource:
    """Where the steps of a build may have been kept: *kind* is BuildKit's name for such a place."""

    kind: str
    attrs: Mapping[str, str]

    @property
    def title(self) -> str:
        return self.attrs.get("ref") or self.attrs.get("src") or self.kind


@dataclass(frozen=True, slots=True)
class Request:
    """*context* is an address, empty for a directory of the client's called *context_name*, as
    *dockerfile_name* is the one with the file *filename*; *named*: further contexts; *question*:
    what to say of the file in place of building it; *platforms*, when there are several results to
    be told apart: one for each."""

    options: BuildOptions
    filename: str
    context: str
    context_name: str
    dockerfile_name: str
    dockerfile_apart: bool
    named: Mapping[str, Origin]
    question: str = ""
    caches: tuple[CacheSource, ...] = ()
    platforms: tuple[str, ...] = ()

    def options_on(self, platform: str) -> BuildOptions:
        return replace(self.options, platform=platform)

    def named_on(self, platform: str) -> dict[str, Origin]:
        """What names stand for in the build for *platform*, which some are for alone."""
        mine = {}
        for name, origin in self.named.items():
            plain, mark, only = name.partition("::")
            if not mark or _same_platform(only, platform):
                mine[plain] = origin
        return mine


def read(frontend: str, attrs: Mapping[str, str], inputs: Mapping[str, str]) -> Request:
    """*inputs*: images that contexts may name. :class:`InvalidParameter` and
    :class:`NotSupported` for what cannot be done."""
    _check_front_end(frontend, attrs)
    return Request(
        options=_options(attrs),
        filename=attrs.get("filename") or "Dockerfile",
        context=attrs.get("context", ""),
        context_name=attrs.get("contextkey") or "context",
        dockerfile_name=attrs.get("dockerfilekey") or "dockerfile",
        dockerfile_apart="dockerfilekey" in attrs,
        named=dict(_named(attrs, inputs)),
        question=_question(attrs),
        caches=tuple(_cache_sources(attrs)),
        platforms=_platforms(attrs),
    )


def _check_front_end(frontend: str, attrs: Mapping[str, str]) -> None:
    if frontend not in ("dockerfile.v0", "gateway.v0"):
        raise NotSupported(f"failed to find frontend {frontend}")
    asked = [attrs.get("build-arg:BUILDKIT_SYNTAX") or _OWN]
    if frontend == "gateway.v0":
        asked.append(attrs.get("source", ""))
    for name in asked:
        if not _FRONT_END.match(name):
            raise NotSupported(
                f"the front end {name} is not supported: "
                "Boxship reads the language of docker/dockerfile"
            )


def _question(attrs: Mapping[str, str]) -> str:
    asked = attrs.get("requestid", "")
    if asked and asked not in QUESTIONS:
        raise NotSupported(f"unsupported request {asked}")
    return asked


def _options(attrs: Mapping[str, str]) -> BuildOptions:
    given = _prefixed(attrs, "build-arg:")
    epoch = given.get(EPOCH, "")
    mode = attrs.get("image-resolve-mode", "")
    if mode not in _RESOLVE_MODES:
        raise InvalidParameter(f"invalid image-resolve-mode: {mode}")
    platform = attrs.get("platform", "")
    fresh = _words(attrs.get("no-cache", ""))
    return BuildOptions(
        target=attrs.get("target", ""),
        build_args=given,
        labels=_prefixed(attrs, "label:"),
        platform="" if "," in platform else platform,
        no_cache="no-cache" in attrs and not fresh,
        no_cache_stages=tuple(name.lower() for name in fresh),
        pull=mode == "pull",
        network=attrs.get(f"{_OURS}network") or _network(attrs.get("force-network-mode", "")),
        extra_hosts=tuple(_hosts(attrs.get("add-hosts", ""))),
        limits=Limits(
            memory=_number(attrs, f"{_OURS}memory"),
            memory_swap=_number(attrs, f"{_OURS}memory-swap"),
            cpu_shares=_number(attrs, f"{_OURS}cpu-shares"),
            cpu_period=_number(attrs, f"{_OURS}cpu-period"),
            cpu_quota=_number(attrs, f"{_OURS}cpu-quota"),
            cpuset_cpus=attrs.get(f"{_OURS}cpuset-cpus", ""),
            cpuset_mems=attrs.get(f"{_OURS}cpuset-mems", ""),
            shm_size=_number(attrs, "shm-size"),
            ulimits=tuple(_ulimits(attrs.get("ulimit", ""))),
            cgroup_parent=attrs.get("cgroup-parent", ""),
        ),
        security=tuple(_words(attrs.get(f"{_OURS}security-opt", ""))),
        squash=attrs.get(f"{_OURS}squash") == "true",
        force_remove=True,
        step_images=False,
        buildkit_history=True,
        hostname=attrs.get("hostname") or given.get("BUILDKIT_SANDBOX_HOSTNAME") or HOSTNAME,
        cache_namespace=given.get("BUILDKIT_CACHE_MOUNT_NS", ""),
        keep_git=_is_true(given.get("BUILDKIT_CONTEXT_KEEP_GIT_DIR", "")),
        created=int(epoch) * _SECOND if epoch.isdecimal() and len(epoch) < 12 else 0,
    )


def _named(attrs: Mapping[str, str], inputs: Mapping[str, str]) -> Iterator[tuple[str, Origin]]:
    for name, value in _prefixed(attrs, "context:").items():
        scheme, _, rest = value.partition(":")
        if scheme == "docker-image":
            yield name, Origin("image", rest.removeprefix("//"))
        elif scheme == "local":
            yield name, Origin("context", rest)
        elif scheme == "input" and inputs.get(rest):
            yield name, Origin("image", inputs[rest])
        elif git_address.is_git_context(value):
            keep = attrs.get("build-arg:BUILDKIT_CONTEXT_KEEP_GIT_DIR", "")
            yield name, Origin("git", value, keep_git=_is_true(keep))
        elif scheme in ("http", "https"):
            yield name, Origin("web", value)
        elif scheme == "oci-layout":
            yield name, Origin("layout", rest.removeprefix("//"))
        else:
            raise NotSupported(f"unsupported context source {scheme} for {name}")


def _is_true(text: str) -> bool:
    return text.lower() in ("true", "1")


def _prefixed(attrs: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {k.removeprefix(prefix): v for k, v in attrs.items() if k.startswith(prefix)}


def _words(text: str) -> list[str]:
    if text.count(",") > _MOST_WORDS:
        raise InvalidParameter(f"a list of more than {_MOST_WORDS} words")
    try:
        return [word for row in csv.reader([text]) for word in row if word]
    except csv.Error as error:
        raise InvalidParameter(f"invalid list {text!r}: {error}") from None


def _number(attrs: Mapping[str, str], name: str) -> int:
    text = attrs.get(name, "") or "0"
    if text == "-1" and name == f"{_OURS}memory-swap":
        return -1
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise InvalidParameter(f"failed to parse {name}: {text}")
    return int(text)


def _network(mode: str) -> str:
    modes = {"": "default", "default": "default", "sandbox": "default"}
    modes |= {"host": "host", "none": "none"}
    if mode not in modes:
        raise InvalidParameter(f"invalid netmode {mode}")
    return modes[mode]


def _hosts(text: str) -> list[str]:
    found = []
    for word in _words(text):
        name, mark, address = word.partition("=")
        if not mark or not name or not address:
            raise InvalidParameter(f"invalid key-value pair: {word}")
        found.append(f"{name}:{address}")
    return found


def _ulimits(text: str) -> list[Ulimit]:
    found = []
    for word in _words(text):
        name, _, values = word.partition("=")
        soft, _, hard = values.partition(":")
        try:
            found.append(Ulimit(name=name, soft=int(soft), hard=int(hard or soft)))
        except ValueError:
            raise InvalidParameter(f"invalid ulimit argument: {word}") from None
    return found


def _platforms(attrs: Mapping[str, str]) -> tuple[str, ...]:
    """Of a build with several results, which one with a single platform may be as well."""
    words = _words(attrs.get("platform", ""))
    asked = attrs.get("multi-platform") or attrs.get("build-arg:BUILDKIT_MULTI_PLATFORM", "")
    is_several = len(words) > 1 or _is_true(asked)
    found = dict.fromkeys(str(platforms.parse_served(word)) for word in words)
    return tuple(found or [str(platforms.host())]) if is_several else ()


def _same_platform(one: str, other: str) -> bool:
    here = str(platforms.host())
    parsed = [str(platforms.parse(text)) if text else here for text in (one, other)]
    return parsed[0] == parsed[1]


def _cache_sources(attrs: Mapping[str, str]) -> Iterator[CacheSource]:
    text = attrs.get("cache-imports", "")
    if not text:
        for name in _words(attrs.get("cache-from", "")):
            yield CacheSource("registry", {"ref": name})
        return
    try:
        for row in json.loads(text):
            given = {str(name): str(value) for name, value in (row.get("Attrs") or {}).items()}
            yield CacheSource(str(row["Type"]), given)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InvalidParameter(f"failed to unmarshal cache-imports: {text}") from None
