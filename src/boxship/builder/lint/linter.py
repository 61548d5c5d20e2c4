"""All rules over one build."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.builder.dockerfile.ignore import Ignored
from boxship.builder.lint.bases import BasePlatform, check_bases, check_platforms
from boxship.builder.lint.forms import check_descriptions, check_file, check_stage_names
from boxship.builder.lint.options import LintOptions, parse_options
from boxship.builder.lint.rule import Finding
from boxship.builder.lint.stages import check_stages
from boxship.builder.lint.variables import Hints
from boxship.builder.plan import Plan

_BY_ARGUMENT = "BUILDKIT_DOCKERFILE_CHECK"


def options_of(plan: Plan) -> LintOptions:
    """What the client asks for, or else the file. :class:`InvalidParameter`."""
    asked = plan.arguments.given.get(_BY_ARGUMENT)
    return parse_options(plan.dockerfile.directives.get("check", "") if asked is None else asked)


def lint(
    plan: Plan,
    options: LintOptions,
    bases: Mapping[str, Mapping[str, Any]],
    ignored: Ignored,
    platforms: Mapping[int, BasePlatform] = MappingProxyType({}),
) -> list[Finding]:
    """What the rules find, in the order of the file, but for what the comments above an
    instruction leave out. *bases*: configurations of base images, by
    the names that the stages give them; *platforms*: theirs, by the stages' numbers."""
    each_rule = (*_all(plan, bases, ignored), *check_platforms(plan, platforms))
    comments = {line.first: line.comments for line in plan.dockerfile.lines}
    all_found = [
        each for each in each_rule if options.applies_to(each.rule, comments.get(each.first, ()))
    ]
    return sorted(set(all_found), key=lambda each: (each.first, each.rule.name, each.message))


def check_strictness(options: LintOptions, findings: list[Finding]) -> None:
    """:class:`InvalidParameter` when there are *findings* that must not be."""
    if options.error and findings:
        names = sorted({each.rule.name for each in findings})
        raise InvalidParameter(f"lint violation found for rules: {', '.join(names)}")


def _all(plan: Plan, bases: Mapping[str, Mapping[str, Any]], ignored: Ignored) -> Iterator[Finding]:
    yield from check_file(plan.dockerfile)
    yield from check_stage_names(stage.start for stage in plan.stages)
    yield from check_descriptions(plan.globals)
    for stage in plan.stages:
        yield from check_descriptions([stage.start, *stage.steps])
    hints = Hints()
    yield from check_bases(plan, hints)
    yield from check_stages(plan, bases, ignored, hints)
