"""A stage while its instructions are read: the configuration so far, and its variables."""

import json
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from boxship.builder.dockerfile.budget import Budget
from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.expand import Lexer
from boxship.builder.dockerfile.lines import Line
from boxship.builder.note import Note
from boxship.builder.work import CONTEXT, Origin, Work
from boxship.images.creation import EMPTY_CONFIG

Config = dict[str, Any]
T = TypeVar("T")
# Sets the time of everything that the build makes (reproducible-builds.org).
EPOCH = "SOURCE_DATE_EPOCH"
DEFAULT_SHELL = ("/bin/sh", "-c")
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Arguments that speak to the builder, not to the file.
_BUILDERS_OWN = "BUILDKIT_"
# Known without an ARG; then their values appear neither in the history nor in the cache's keys.
PROXIES = frozenset(
    name
    for base in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (base, base.lower())
)


@dataclass(slots=True)
class Arguments:
    """Build arguments: what the client *given*, what was declared before the first FROM
    (*declared*), and the *platform* ones, which both are offered to stages that ask."""

    given: Mapping[str, str] = field(default_factory=dict)
    declared: dict[str, str | None] = field(default_factory=dict)
    platform: Mapping[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    budget: Budget = field(default_factory=Budget)

    def value(self, name: str, default: str | None, top: bool = False) -> str | None:
        """What ``ARG name=default`` means; *top*: before the first FROM."""
        if name in self.given:
            self.used.add(name)
            return self.given[name]
        if default is not None:
            return default
        if not top and self.declared.get(name) is not None:
            return self.declared[name]
        return self.platform.get(name)

    def unused(self) -> list[str]:
        """Names that no instruction asked for, sorted."""
        unknown = set(self.given) - self.used - PROXIES - {EPOCH}
        return sorted(name for name in unknown if not name.startswith(_BUILDERS_OWN))


@dataclass(frozen=True, slots=True)
class Effect:
    """*note* is what the history says; *work*, if any, makes a layer."""

    note: Note
    work: Work | None = None


@dataclass(slots=True)
class Stage:
    """*find* leads from a name that ``--from`` may have to its origin; *declared* are the names of
    its own ARGs, one as often as it was. *keeps_paths*: an absolute working directory stands in the
    configuration as it was written, and volumes keep what a RUN writes, as BuildKit has it."""

    config: Config = field(default_factory=lambda: dict(EMPTY_CONFIG))
    arguments: Arguments = field(default_factory=Arguments)
    args: dict[str, str | None] = field(default_factory=dict)
    find: Callable[[str], Origin] = lambda name: Origin("image", name)
    author: str = ""
    cmd_is_set: bool = False
    escape: str = "\\"
    context: Origin = CONTEXT
    declared: list[str] = field(default_factory=list)
    keeps_paths: bool = True
    _parsed: tuple[list[str], dict[str, str]] = field(default_factory=lambda: ([], {}))

    def on_top(self, find: Callable[[str], Origin]) -> "Stage":
        """A stage that begins with this one."""
        config, args = dict(self.config), dict(self.args)
        return Stage(config, self.arguments, args, find, escape=self.escape)

    @property
    def shell(self) -> tuple[str, ...]:
        return tuple(self.config.get("Shell") or DEFAULT_SHELL)

    @property
    def user(self) -> str:
        return str(self.config.get("User") or "")

    @property
    def directory(self) -> str:
        return cleaned(str(self.config.get("WorkingDir") or "/"))

    def env(self) -> dict[str, str]:
        """The environment of the image."""
        rows = self.config.get("Env") or []
        if self._parsed[0] is not rows:
            self._parsed = rows, dict(pair.partition("=")[::2] for pair in rows)
        return dict(self._parsed[1])

    def set_env(self, pairs: Mapping[str, str]) -> None:
        for name in pairs:
            self.args.pop(name, None)
        known = self.env()
        rows = [f"{name}={value}" for name, value in pairs.items()]
        if known.keys().isdisjoint(pairs):
            rows = [*(self.config.get("Env") or []), *rows]
        else:
            rows = [f"{name}={value}" for name, value in {**known, **pairs}.items()]
        self.config["Env"] = rows
        self._parsed = rows, {**known, **pairs}

    def active_args(self) -> dict[str, str]:
        """Declared arguments with a value, sorted; an ENV that comes later takes their place."""
        return {k: v for k, v in sorted(self.args.items()) if v is not None}

    def variables(self) -> dict[str, str]:
        return {**self.env(), **self.active_args()}

    def expand(self, line: Line, text: str) -> str:
        return self.expander(line)(text)

    def expander(self, line: Line) -> Callable[[str], str]:
        """:meth:`expand` for many texts, by the variables of now."""
        lexer, variables = Lexer(self.escape, budget=self.arguments.budget), self.variables()
        return lambda text: _placed(line, text, lambda: lexer.word(text, variables))

    def expand_words(self, line: Line, text: str) -> list[str]:
        lexer = Lexer(self.escape, budget=self.arguments.budget)
        return _placed(line, text, lambda: lexer.words(text, self.variables()))

    def nop(self, comment: str, buildkit: str | None = None) -> Note:
        """Of an instruction that runs nothing, where BuildKit may have other words for it."""
        classic = self.classic_words(f" {comment}")
        return Note(classic, comment if buildkit is None else buildkit)

    def classic_words(self, text: str) -> str:
        """Of the classic builder, about what no program does."""
        return " ".join([*self.shell, "#(nop)", text])


def cleaned(path: str) -> str:
    """An absolute *path* without what is needless in it."""
    return "/" + posixpath.normpath(path).lstrip("/")


def _placed(line: Line, text: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except DockerfileError as error:
        raise error.at(line.first, f"failed to process {json.dumps(text)}: ") from None
