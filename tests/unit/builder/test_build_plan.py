"""Stages as a graph."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.lines import parse
from boxship.builder.plan import Plan, make_plan, triggers
from boxship.builder.stage import Arguments

DIAMOND = """\
FROM base AS one
RUN a
FROM one AS left
RUN b
FROM one AS right
RUN c
FROM base AS other
RUN d
FROM scratch
COPY --from=left /x /x
COPY --from=2 /y /y
"""


def _plan(source: str, target: str = "", **given_args: str) -> Plan:
    return make_plan(parse(source), Arguments(given=given_args), target)


def test_stages_nobody_needs_are_left_out() -> None:
    plan = _plan(DIAMOND)
    assert [stage.title for stage in plan.needed] == ["one", "left", "right", "4"]
    assert plan.step_count == 9


@pytest.mark.parametrize(("target", "needed"), [("left", ["one", "left"]), ("3", ["other"])])
def test_a_target_needs_what_leads_to_it(target: str, needed: list[str]) -> None:
    assert [stage.title for stage in _plan(DIAMOND, target).needed] == needed


def test_the_graph_can_be_read() -> None:
    assert _plan(DIAMOND, "left").render().splitlines()[:6] == [
        "stage one",
        "  1: FROM base AS one",
        "  2: RUN a",
        "stage left after one",
        "  3: FROM one AS left",
        "  4: RUN b",
    ]


def test_mounts_are_needs_too() -> None:
    plan = _plan("FROM a AS x\nFROM b\nRUN --mount=from=x,target=/m y")
    assert plan.stages[1].needs == {0}


def test_files_of_stages_that_follow_are_not_there_yet() -> None:
    plan = _plan("FROM a AS x\nFROM b\nCOPY --from=Y c d\nFROM b AS y")
    assert plan.find("x", 1).kind == "stage" and plan.find("z", 1).kind == "image"
    with pytest.raises(DockerfileError, match='cannot copy from stage "Y", it needs to be defined'):
        plan.find("Y", 1)


@pytest.mark.parametrize(
    ("source", "given_args", "image"),
    [
        ("ARG v=1\nFROM a:$v", {}, "a:1"),
        ("ARG v=1\nFROM a:$v", {"v": "2"}, "a:2"),
        ("ARG v=1\nARG w=$v-x\nFROM a:${w}", {}, "a:1-x"),
        ("FROM a:${v:-3}", {"v": "2"}, "a:3"),
        ("FROM scratch", {}, ""),
        ("ARG v=${x:?is missing}\nFROM a:$v", {"v": "2"}, "a:2"),
    ],
)
def test_arguments_before_the_first_from_name_bases(
    source: str, given_args: dict[str, str], image: str
) -> None:
    assert _plan(source, **given_args).stages[0].image == image


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("RUN x", "", "no build stage in current context"),
        ("ARG x", "", "dockerfile contains no stages to build"),
        ("FROM $x", "", "base name ($x) should not be blank"),
        ("FROM a AS bee", "bea", 'target stage "bea" could not be found (did you mean bee?)'),
        ("FROM a\nCOPY --from=5 a b", "", "invalid from flag value 5: invalid stage index 5"),
        ("FROM a AS B\nCOPY --from=b x y", "", "circular dependency detected on stage: b"),
        (
            "FROM a AS b\nRUN --mount=from=B,target=/m x",
            "",
            "circular dependency detected on stage: B",
        ),
        (
            "FROM --platform=a/b/c/d a",
            "",
            'failed to parse platform a/b/c/d: "a/b/c/d": cannot parse platform specifier: '
            "invalid argument",
        ),
    ],
)
def test_what_is_no_plan(source: str, target: str, message: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        _plan(source, target)
    assert caught.value.message == message


@pytest.mark.parametrize(
    "syntax",
    ["docker/dockerfile:1", "docker.io/docker/dockerfile:1.7-labs", "docker/dockerfile-upstream"],
)
def test_dockers_own_front_ends_are_ours(syntax: str) -> None:
    assert _plan(f"# syntax={syntax}\nFROM a").stages


def test_other_front_ends_are_refused() -> None:
    with pytest.raises(DockerfileError, match="syntax example/other:1 is not supported"):
        _plan("# syntax=example/other:1\nFROM a")


@given(st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=1, max_size=6))
def test_every_needed_stage_has_what_it_needs(froms: list[list[int]]) -> None:
    lines = []
    for number, origins in enumerate(froms):
        lines.append(f"FROM b AS s{number}")
        lines += [f"COPY --from=s{o} a b" for o in origins if o < number]
    plan = _plan("\n".join(lines))
    needed = {stage.number for stage in plan.needed}
    assert plan.target in needed
    assert all(stage.needs <= needed and max(stage.needs, default=-1) < stage.number
               for stage in plan.needed)  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["FROM other"], "FROM isn't allowed as an ONBUILD trigger"),
        (["MAINTAINER x"], "MAINTAINER isn't allowed as an ONBUILD trigger"),
        (["ONBUILD RUN x"], "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        (["RUN <<E"], "unterminated heredoc"),
        (["LABEL a=b"] * 5001, "more than 5000 triggers"),
    ],
)
def test_triggers_that_no_dockerfile_could_have_made(texts: list[str], message: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        triggers(texts)
    assert caught.value.message == message
