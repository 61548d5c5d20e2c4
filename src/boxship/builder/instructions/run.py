"""RUN: a program whose changes become a layer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.heredoc import parse_word
from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions import instruction
from boxship.builder.instructions.instruction import Command
from boxship.builder.note import Note
from boxship.builder.run_mounts import parse_mount
from boxship.builder.stage import DEFAULT_PATH, PROXIES, Effect, Stage
from boxship.builder.work import Mount, Run

_FLAGS = {"mount": "list", "network": "text", "security": "text"}
_NETWORKS = ("default", "none", "host")
_SECURITIES = ("sandbox", "insecure")
_SCRIPTS = "/dev/pipes/"
# A working directory that has as many above it as anybody could name.
_SOMEWHERE = "/-" * 100
# What an image's configuration has place for.
_LONGEST = 8 << 20


@dataclass(frozen=True, slots=True)
class RunInstruction:
    KEYWORD: ClassVar[str] = "RUN"
    line: Line
    command: Command
    mounts: tuple[str, ...]
    network: str
    security: str

    @classmethod
    def parse(cls, line: Line) -> "RunInstruction":
        found = instruction.flags(line, _FLAGS)
        network = found.text("network") or "default"
        security = found.text("security") or "sandbox"
        if network not in _NETWORKS:
            raise line.fail(f'invalid network mode "{network}"', network)
        if security not in _SECURITIES:
            raise line.fail(f'security "{security}" is not valid', security)
        mounts = tuple(found.all("mount"))
        self = cls(line, instruction.command(line), mounts, network, security)
        self.parsed_mounts(Stage(escape=line.escape), checking=True)
        return self

    def parsed_mounts(self, stage: Stage, checking: bool = False) -> tuple[Mount, ...]:
        """*checking*: variables are not known yet."""

        known = stage.expander(self.line)
        directory = _SOMEWHERE if checking else stage.directory

        def expand(text: str) -> str:
            return text if checking else known(text)

        try:
            return tuple(
                parse_mount(text, expand, directory, stage.find)
                for text in self.mounts
                if not (checking and "$" in text)
            )
        except DockerfileError as error:
            raise error.at(self.line.first, self.line.prefix) from None

    def apply(self, stage: Stage) -> Effect:
        argv, script, path = self._argv(stage)
        args = stage.active_args()
        variables = {"PATH": DEFAULT_PATH, **stage.env(), **args}
        work = Run(
            argv=tuple(argv),
            env=tuple(f"{name}={value}" for name, value in variables.items()),
            hidden=tuple(self._proxies(stage)),
            user=stage.user,
            directory=stage.directory,
            mounts=self.parsed_mounts(stage),
            network=self.network,
            insecure=self.security == "insecure",
            script=script,
            script_path=path,
            # The classic builder's steps are containers like others; BuildKit's have no volumes.
            volumes=() if stage.keeps_paths else tuple(sorted(stage.config.get("Volumes") or ())),
        )
        return Effect(self._note(stage, argv, path), work)

    def _note(self, stage: Stage, argv: list[str], script: str) -> Note:
        """BuildKit has the arguments that the stage has declared, with the values of now, and lets
        a shell run a *script*. Neither builder has those of a stage that it is on top of."""
        known, active, own = stage.variables(), stage.active_args(), {*stage.declared}
        declared = [(name, known.get(name, "")) for name in stage.declared]
        if sum(len(name) + len(value) for name, value in declared) > _LONGEST:
            raise self.line.fail("what the stage has declared by ARG is too long")
        classic = " ".join([*_classic_arguments(stage), *argv])
        if script:
            argv = [*stage.shell, script]
        buildkit = " ".join(["RUN", *_counted(declared), *argv, "# buildkit"])
        is_inherited = not active.keys() <= own
        classic_is_vague = is_inherited or not active.keys().isdisjoint(stage.env())
        return Note(classic, buildkit, bool(script) or is_inherited, classic_is_vague)

    def _proxies(self, stage: Stage) -> list[str]:
        """Those that no ARG has made ordinary arguments."""
        given, declared = stage.arguments.given, stage.active_args()
        names = sorted((PROXIES & given.keys()) - declared.keys())
        return [f"{name}={given[name]}" for name in names]

    def _argv(self, stage: Stage) -> tuple[list[str], str, str]:
        """(arguments, content of a script, where the script is mounted)."""
        documents = self.line.heredocs
        if not documents:
            return self.command.argv(stage), "", ""
        only = parse_word(self.line.rest, self.line.escape)
        if only is None:
            text = (
                self.line.rest
                + "\n"
                + "".join(f"{each.content}{each.name}\n" for each in documents)
            )
            return [*stage.shell, text.removesuffix("\n")], "", ""
        content = documents[0].content
        if content.startswith("#!"):
            path = _SCRIPTS + documents[0].name
            return [*stage.shell, path], content, path
        return [*stage.shell, content], "", ""


def _classic_arguments(stage: Stage) -> list[str]:
    """What the classic builder has: those that the stage has declared and no ENV hides, even none
    where the client has given a proxy's."""
    own, active, env = {*stage.declared}, stage.active_args(), stage.env()
    shown = [f"{name}={value}" for name, value in active.items() if name in own - env.keys()]
    has_proxy = not (PROXIES & stage.arguments.given.keys()) <= env.keys()
    return [f"|{len(shown)}", *sorted(shown)] if shown or has_proxy else []


def _counted(arguments: Iterable[tuple[str, str]]) -> list[str]:
    shown = [f"{name}={value}" for name, value in arguments]
    return [f"|{len(shown)}", *shown] if shown else []
