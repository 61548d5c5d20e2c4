"""Whatever a Dockerfile says, it has a plan, or an error with its place in the file."""

from hypothesis import given, settings
from hypothesis import strategies as st

from boxship.base.errors import BoxshipError
from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.ignore import Ignored
from boxship.builder.dockerfile.lines import parse
from boxship.builder.file_steps import orders
from boxship.builder.lint.linter import lint, options_of
from boxship.builder.lint.report import lint_report
from boxship.builder.machine import Place
from boxship.builder.needs import find_needs
from boxship.builder.plan import Plan, make_plan, triggers
from boxship.builder.stage import Arguments, Stage
from boxship.builder.work import Files, Origin
from support.dockerfiles import DOCKERFILES, INSTRUCTIONS

_GIVEN = {"v": "given", "HTTP_PROXY": "http://p", "B_1": "*"}


def _planned(text: str, target: str = "") -> Plan | None:
    try:
        return make_plan(parse(text), Arguments(_GIVEN, {}, {"TARGETOS": "linux"}), target)
    except DockerfileError as error:
        assert error.message
        assert error.explain(text).startswith(str(error))
        assert 0 <= error.line <= text.count("\n") + 1
        return None


@settings(max_examples=300)
@given(DOCKERFILES, st.sampled_from(["", "stage", "0", "9", "é"]))
def test_every_text_has_a_plan_or_an_error_with_a_place(text: str, target: str) -> None:
    plan = _planned(text, target)
    if plan is None:
        return
    assert plan.render()
    assert plan.step_count >= 1
    find_needs(plan, {})
    _linted(plan)
    for planned in plan.needed:
        stage = Stage(arguments=plan.arguments, find=lambda n, k=planned.number: plan.find(n, k))
        try:
            for step in planned.steps:
                _carried_out(step.apply(stage).work)
        except BoxshipError as error:
            assert str(error)


def _linted(plan: Plan) -> None:
    try:
        options = options_of(plan)
    except BoxshipError as error:
        assert str(error)
        return
    findings = lint(plan, options, {}, Ignored(["a", "!b"]))
    assert lint_report("Dockerfile", plan.dockerfile.text, findings)


def _carried_out(work: object) -> None:
    """As far as that goes without files."""
    if isinstance(work, Files):
        places: dict[Origin, Place] = {origin: Place({}) for origin in work.origins()}
        orders(work, places)


@settings(max_examples=300)
@given(st.lists(INSTRUCTIONS, max_size=3))
def test_triggers_of_any_image_are_taken_or_refused(texts: list[str]) -> None:
    try:
        stage = Stage()
        for step in triggers(texts):
            step.apply(stage)
    except BoxshipError as error:
        assert str(error)
