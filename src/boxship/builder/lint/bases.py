"""Rules about what stages begin with."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from boxship.base.errors import InvalidParameter
from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.expand import Lexer
from boxship.builder.instructions.arg import Arg
from boxship.builder.instructions.from_ import From
from boxship.builder.lint import rule
from boxship.builder.lint.rule import Finding, found
from boxship.builder.lint.variables import Hints, Noting
from boxship.builder.plan import Plan
from boxship.builder.stage import Arguments
from boxship.images import platform as platforms
from boxship.images import reference as references
from boxship.images.platform import Platform

_TARGET = "TARGETPLATFORM"


@dataclass(frozen=True, slots=True)
class BasePlatform:
    """Of an image that a stage begins with."""

    actual: Platform
    expected: Platform

    @property
    def is_expected(self) -> bool:
        """Variants do not count."""
        asked = self.expected
        return (self.actual.os, self.actual.architecture) == (asked.os, asked.architecture)


def check_bases(plan: Plan, hints: Hints) -> Iterator[Finding]:
    known = _known(plan.arguments)
    defaults = _known(_defaults(plan))
    for stage in plan.stages:
        start = stage.start
        missing = set[str]()
        _expand(start, start.base, known, missing)
        platform, asked = _expand(start, start.platform, known, missing)
        for name in sorted(missing):
            message = f"FROM argument '{name}' is not declared{hints.meant(name, known)}"
            yield found(rule.UNDEFINED_ARG_IN_FROM, start.line, message)
        yield from _platform(start, platform, asked, known)
        name, _ = _expand(start, start.base, defaults, set())
        if not _is_reference(name):
            message = (
                f"Default value for ARG {start.base} results in empty or invalid base image name"
            )
            yield found(rule.INVALID_DEFAULT_ARG_IN_FROM, start.line, message)


def check_platforms(plan: Plan, found_on: Mapping[int, BasePlatform]) -> Iterator[Finding]:
    """*found_on*: the platforms of base images, by the stages' numbers. Images that the client
    has put in place of others are its own affair."""
    replaced = {origin.name for origin in plan.named.values() if origin.kind == "image"}
    for stage in plan.needed:
        base = found_on.get(stage.number)
        if base is None or base.is_expected or stage.image in replaced:
            continue
        actual, expected = (json.dumps(str(each)) for each in (base.actual, base.expected))
        message = (
            f"Base image {stage.image} was pulled with platform {actual}, expected {expected} "
            "for current build"
        )
        yield found(rule.INVALID_BASE_IMAGE_PLATFORM, stage.start.line, message)


def _platform(
    start: From, platform: str, asked: set[str], known: Mapping[str, str]
) -> Iterator[Finding]:
    if not start.platform:
        return
    if asked == {_TARGET} and platform == known.get(_TARGET):
        message = (
            f"Setting platform to predefined {start.platform} in FROM is redundant as this is the "
            "default behavior"
        )
        yield found(rule.REDUNDANT_TARGET_PLATFORM, start.line, message)
    if asked:
        return
    try:
        parsed = platforms.parse(platform)
    except InvalidParameter:
        return  # the build will say so
    if parsed.os not in start.name and parsed.architecture not in start.name:
        message = f'FROM --platform flag should not use constant value "{platform}"'
        yield found(rule.FROM_PLATFORM_FLAG_CONST_DISALLOWED, start.line, message)


def _expand(
    start: From, text: str, known: Mapping[str, str], missing: set[str]
) -> tuple[str, set[str]]:
    """*text* with its variables, and which these are."""
    noting = Noting(known.items(), missing)
    try:
        return Lexer(start.line.escape).word(text, noting), noting.asked
    except DockerfileError:
        return text, noting.asked


def _known(arguments: Arguments) -> dict[str, str]:
    declared = {k: v or "" for k, v in arguments.declared.items()}
    return {**arguments.platform, **declared}


def _defaults(plan: Plan) -> Arguments:
    """As if the client had given no arguments."""
    arguments = Arguments({}, {}, plan.arguments.platform)
    for step in plan.globals:
        assert isinstance(step, Arg)
        try:
            step.declare(arguments)
        except DockerfileError:
            continue
    return arguments


def _is_reference(name: str) -> bool:
    try:
        references.parse(name)
    except InvalidParameter:
        return False
    return bool(name)
