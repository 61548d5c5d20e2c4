"""Rules about what the needed stages do, instruction by instruction."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.ignore import Ignored
from boxship.builder.instructions.add import Add
from boxship.builder.instructions.arg import Arg
from boxship.builder.instructions.cmd import Cmd
from boxship.builder.instructions.copy import CopyInstruction
from boxship.builder.instructions.entrypoint import Entrypoint
from boxship.builder.instructions.env import Env
from boxship.builder.instructions.expose import Expose
from boxship.builder.instructions.healthcheck import Healthcheck
from boxship.builder.instructions.instruction import Instruction
from boxship.builder.instructions.workdir import Workdir
from boxship.builder.lint import rule
from boxship.builder.lint.rule import Finding, found
from boxship.builder.lint.variables import Hints, ObservedStage
from boxship.builder.needs import begin
from boxship.builder.plan import Plan, triggers
from boxship.builder.stage import Effect, Stage
from boxship.builder.work import CONTEXT, Copy, Files

_SECRET = re.compile(
    r"(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)",
    re.IGNORECASE,
)
_PUBLIC = re.compile(r"(?:_|^)public(?:_|$)", re.IGNORECASE)
_ONCE = (Cmd, Entrypoint, Healthcheck)


def check_stages(
    plan: Plan, bases: Mapping[str, Mapping[str, Any]], ignored: Ignored, hints: Hints
) -> Iterator[Finding]:
    """*bases*: configurations of base images by name; *ignored* of the context."""
    before: dict[int, Stage] = {}
    moved = set[int]()
    for planned in plan.needed:
        stage = ObservedStage(begin(plan, planned, before, bases))
        before[planned.number] = stage
        checks = _Checks(stage, ignored, hints, planned.base in moved)
        inherited = stage.config.get("OnBuild") or []
        stage.config["OnBuild"] = None
        try:
            for step in triggers(inherited, stage.escape):
                step.apply(stage)
            stage.missing.clear()
            for step in planned.steps:
                yield from checks.step(step)
        except DockerfileError:
            continue  # the build will say so when it gets there
        finally:
            if checks.moved:
                moved.add(planned.number)


class _Checks:
    """*moved*: whether the file has said an absolute WORKDIR."""

    def __init__(self, stage: ObservedStage, ignored: Ignored, hints: Hints, moved: bool) -> None:
        self._stage = stage
        self._ignored = ignored
        self._hints = hints
        self.moved = moved
        self._last: dict[str, Instruction] = {}

    def step(self, step: Instruction) -> Iterator[Finding]:
        stage = self._stage
        env, args = stage.config.get("Env"), stage.args
        if isinstance(step, Env | Arg):
            args = dict(args)  # which these change
        yield from self._before(step, bool(stage.config.get("Shell")))
        effect = step.apply(stage)
        if stage.missing:
            known = {*args, *(pair.partition("=")[0] for pair in env or ())}
            yield from self._undefined(step, stage.missing - known, known)
            stage.missing.clear()
        yield from self._after(step, effect)

    def _undefined(self, step: Instruction, names: set[str], known: set[str]) -> Iterator[Finding]:
        for name in sorted(names):
            message = f"Usage of undefined variable '${name}'{self._hints.meant(name, known, '$')}"
            yield found(rule.UNDEFINED_VAR, step.line, message)

    def _before(self, step: Instruction, has_shell: bool) -> Iterator[Finding]:
        if isinstance(step, _ONCE):
            last = self._last.get(step.KEYWORD)
            if last is not None:
                message = (
                    f"Multiple {step.KEYWORD} instructions should not be used in the same stage "
                    "because only the last one will be used"
                )
                yield found(rule.MULTIPLE_INSTRUCTIONS_DISALLOWED, last.line, message)
            self._last[step.KEYWORD] = step
        if isinstance(step, Cmd | Entrypoint) and step.command.is_shell and not has_shell:
            message = (
                f"JSON arguments recommended for {step.KEYWORD} to prevent unintended behavior "
                "related to OS signals"
            )
            yield found(rule.JSON_ARGS_RECOMMENDED, step.line, message)
        if isinstance(step, Workdir) and not self.moved:
            path = self._stage.expand(step.line, step.path)
            if not path.startswith("/"):
                message = (
                    f'Relative workdir "{path}" can have unexpected results if the base image '
                    "changes"
                )
                yield found(rule.WORKDIR_RELATIVE_PATH, step.line, message)
            self.moved = True

    def _after(self, step: Instruction, effect: Effect) -> Iterator[Finding]:
        if isinstance(step, Env | Arg):
            pairs = step.pairs if isinstance(step, Env) else step.entries
            for name, _ in pairs:
                if _SECRET.search(name) and not _PUBLIC.search(name):
                    message = (
                        "Do not use ARG or ENV instructions for sensitive data "
                        f'({step.KEYWORD} "{name}")'
                    )
                    yield found(rule.SECRETS_USED_IN_ARG_OR_ENV, step.line, message)
        elif isinstance(step, Expose):
            yield from self._ports(step)
        elif isinstance(step, CopyInstruction | Add):
            yield from self._copied(step, effect)

    def _ports(self, step: Expose) -> Iterator[Finding]:
        for word in self._stage.expand_words(step.line, step.line.rest):
            ports, _, protocol = word.partition("/")
            if ":" in ports:
                message = (
                    "EXPOSE instruction should not define an IP address or host-port mapping, "
                    f"found '{word}'"
                )
                yield found(rule.EXPOSE_INVALID_FORMAT, step.line, message)
            if protocol != protocol.lower():
                message = f"Defined protocol '{word}' in EXPOSE instruction should be lowercase"
                yield found(rule.EXPOSE_PROTO_CASING, step.line, message)

    def _is_left_out(self, path: str) -> bool:
        """With all that may be below it: patterns with ``!`` could let some of that in again."""
        let_in = [each.cleaned for each in self._ignored.patterns if each.negated]
        above = f"{path}/"
        may_hold = any(each.startswith((above, "*")) for each in let_in)
        return not may_hold and self._ignored.matches(path)

    def _copied(self, step: Instruction, effect: Effect) -> Iterator[Finding]:
        if not isinstance(effect.work, Files) or not self._ignored:
            return
        for action in effect.work.actions:
            if not isinstance(action, Copy) or action.origin != CONTEXT:
                continue
            for path in action.paths:
                clean = posixpath.normpath("/" + path).lstrip("/")
                if clean and self._is_left_out(clean):
                    verb = step.KEYWORD.capitalize()
                    message = (
                        f'Attempting to {verb} file "{clean}" that is excluded by .dockerignore'
                    )
                    yield found(rule.COPY_IGNORED_FILE, step.line, message)
