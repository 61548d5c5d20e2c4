"""Checks of Dockerfiles: each rule finds what it is about, and nothing else."""

import json

import pytest

from boxship.base.errors import InvalidParameter
from boxship.builder.dockerfile.ignore import Ignored
from boxship.builder.dockerfile.lines import parse
from boxship.builder.lint import rule
from boxship.builder.lint.bases import BasePlatform
from boxship.builder.lint.linter import check_strictness, lint, options_of
from boxship.builder.lint.options import parse_options
from boxship.builder.lint.report import lint_report
from boxship.builder.lint.rule import Finding
from boxship.builder.plan import make_plan
from boxship.builder.stage import Arguments
from boxship.builder.work import Origin
from boxship.images.platform import Platform

_PLATFORM = {"TARGETPLATFORM": "linux/amd64", "BUILDPLATFORM": "linux/amd64"}


def _lint(source: str, target: str = "", **given: str) -> list[Finding]:
    plan = make_plan(parse(source), Arguments(given, {}, _PLATFORM), target)
    bases = {"env": {"Env": ["OF_BASE=1"]}, "shell": {"Shell": ["/bin/bash", "-c"]}}
    return lint(plan, options_of(plan), bases, Ignored(["ignored", "dir", "part", "!part/of"]))


@pytest.mark.parametrize(
    ("source", "short"),
    [
        ("FROM a AS Base\n", "StageNameCasing: Stage name 'Base' should be lowercase (line 1)"),
        (
            "FROM a as b\n",
            "FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)",
        ),
        (
            "FROM a\nRUN x \\\n\n y\n",
            "NoEmptyContinuation: Empty continuation line (line 4)",
        ),
        (
            "FROM a\nrun x\nUSER y\n",
            "ConsistentInstructionCasing: Command 'run' should match the case of the command "
            "majority (uppercase) (line 2)",
        ),
        (
            "from a\nrun x\nUser y\n",
            "ConsistentInstructionCasing: Command 'User' should match the case of the command "
            "majority (lowercase) (line 3)",
        ),
        (
            "FROM a AS x\nFROM a AS x\n",
            'DuplicateStageName: Duplicate stage name "x", stage names should be unique (line 2)',
        ),
        (
            "FROM a AS scratch\n",
            "ReservedStageName: Stage name should not use the same name as reserved stage "
            '"scratch" (line 1)',
        ),
        (
            "FROM a\nCMD x\n",
            "JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended "
            "behavior related to OS signals (line 2)",
        ),
        (
            "FROM a\nMAINTAINER me\n",
            "MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label "
            "(line 2)",
        ),
        (
            "ARG VERSION=1\nFROM a:${VERSIN}1\n",
            "UndefinedArgInFrom: FROM argument 'VERSIN' is not declared (did you mean VERSION?) "
            "(line 2)",
        ),
        (
            "FROM a\nWORKDIR b\nWORKDIR c\n",
            'WorkdirRelativePath: Relative workdir "b" can have unexpected results if the base '
            "image changes (line 2)",
        ),
        (
            "FROM a\nARG VALUE\nCOPY $VALU /x\n",
            "UndefinedVar: Usage of undefined variable '$VALU' (did you mean $VALUE?) (line 3)",
        ),
        (
            'FROM a\nENTRYPOINT ["a"]\nENTRYPOINT ["b"]\n',
            "MultipleInstructionsDisallowed: Multiple ENTRYPOINT instructions should not be used "
            "in the same stage because only the last one will be used (line 2)",
        ),
        (
            "FROM a\nENV b c d\n",
            'LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key '
            'value" format (line 2)',
        ),
        (
            "FROM --platform=${TARGETPLATFORM} a\n",
            "RedundantTargetPlatform: Setting platform to predefined ${TARGETPLATFORM} in FROM is "
            "redundant as this is the default behavior (line 1)",
        ),
        (
            "FROM a\nENV AWS_SECRET_ACCESS_KEY=1\n",
            "SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data "
            '(ENV "AWS_SECRET_ACCESS_KEY") (line 2)',
        ),
        (
            "FROM a\nARG db_password\n",
            "SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data "
            '(ARG "db_password") (line 2)',
        ),
        (
            "FROM --platform=linux/amd64 a AS b\n",
            "FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value "
            '"linux/amd64" (line 1)',
        ),
        (
            "FROM a\nCOPY ./dir/f /\n",
            'CopyIgnoredFile: Attempting to Copy file "dir/f" that is excluded by .dockerignore '
            "(line 2)",
        ),
        (
            "FROM a\nADD ignored /\n",
            'CopyIgnoredFile: Attempting to Add file "ignored" that is excluded by .dockerignore '
            "(line 2)",
        ),
        (
            "# check=experimental=all\n\n# what\nFROM a AS b\n",
            "InvalidDefinitionDescription: Comment for FROM should follow the format: "
            "`# b <description>` (line 4)",
        ),
        (
            "FROM a\nEXPOSE 80/TCP\n",
            "ExposeProtoCasing: Defined protocol '80/TCP' in EXPOSE instruction should be "
            "lowercase (line 2)",
        ),
        (
            "FROM a\nEXPOSE 127.0.0.1:80:80\n",
            "ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port "
            "mapping, found '127.0.0.1:80:80' (line 2)",
        ),
    ],
)
def test_each_rule_finds_what_it_is_about(source: str, short: str) -> None:
    assert [each.short for each in _lint(source)] == [short]


def test_a_default_that_names_no_image() -> None:
    source = "ARG TAG\nFROM busybox:${TAG}\n"
    found = _lint(source, TAG="1")
    assert [each.short for each in found] == [
        "InvalidDefaultArgInFrom: Default value for ARG busybox:${TAG} results in empty or "
        "invalid base image name (line 2)"
    ]


@pytest.mark.parametrize(
    "source",
    [
        'FROM a AS b\nCMD ["x"]\nFROM b\nCMD ["y"]\n',
        'FROM a\nSHELL ["/bin/bash", "-c"]\nCMD x\n',
        "FROM shell\nENTRYPOINT x\n",
        "FROM a\nWORKDIR /b\nWORKDIR c\n",
        "FROM a AS b\nWORKDIR /b\nFROM b\nWORKDIR c\n",
        "FROM env\nLABEL a=$OF_BASE b=${NONE:-x} c=${NONE:+y}\n",
        "FROM a\nARG NONE\nENV x=$NONE\n",
        "FROM a\nARG NONE\nENV NONE=$NONE\n",
        "FROM a\nARG A=1\nARG B=$A\nENV A=$A$B\n",
        "FROM a\nENV PATH=/x:$PATH\n",
        "FROM a\nRUN echo $ANYTHING\n",
        "FROM a\nARG PUBLIC_KEY\nARG KEYBOARD\n",
        "FROM --platform=linux/arm64 a AS for-arm64\n",
        "FROM --platform=$BUILDPLATFORM a\n",
        "FROM a\nCOPY --from=ignored ignored /\n",
        "FROM a\nCOPY part . /\n",
        "FROM a\nEXPOSE 80/tcp 90\n",
        "# b what it is\nFROM a AS b\n",
        "# check=skip=JSONArgsRecommended,MaintainerDeprecated\nFROM a\nCMD x\nMAINTAINER m\n",
        "# check=skip=all\nFROM a AS B\nCMD x\n",
        "# just a remark\nFROM a AS b\n",
        "from a as b\nrun x\n",
    ],
)
def test_what_is_well_written_is_left_alone(source: str) -> None:
    assert _lint(source) == []


def _on_platforms(source: str, **named: Origin) -> list[str]:
    """What is found when each stage begins with an image for arm64."""
    plan = make_plan(parse(source), Arguments({}, {}, _PLATFORM))
    plan.name_contexts(named)
    arm, amd, other = Platform("linux", "arm64"), Platform("linux", "amd64"), Platform("x", "arm64")
    expected = (amd, arm, Platform("linux", "arm64", "v9"), other)
    found = {number: BasePlatform(arm, each) for number, each in enumerate(expected)}
    return [each.short for each in lint(plan, options_of(plan), {}, Ignored([]), found)]


def test_base_images_for_another_platform() -> None:
    source = "FROM a:1 AS one\nFROM a:2 AS two\nFROM a:3 AS three\nFROM a:4\n"
    copies = "".join(f"COPY --from={name} / /\n" for name in ("one", "two", "three"))
    assert _on_platforms(source + copies) == [
        'InvalidBaseImagePlatform: Base image a:1 was pulled with platform "linux/arm64", '
        'expected "linux/amd64" for current build (line 1)',
        'InvalidBaseImagePlatform: Base image a:4 was pulled with platform "linux/arm64", '
        'expected "x/arm64" for current build (line 4)',
    ]


def test_base_images_that_nobody_needs_or_the_client_has_named_are_for_any_platform() -> None:
    assert _on_platforms("FROM a AS one\nFROM b\n") == []
    assert _on_platforms("FROM a\n", a=Origin("image", "b")) == []


def test_the_rule_about_platforms_has_no_page() -> None:
    found = [Finding(rule.INVALID_BASE_IMAGE_PLATFORM, "message", 1, 1)]
    answer = lint_report("Dockerfile", "FROM a\n", found)
    assert json.loads(answer["result.json"])["warnings"][0]["url"] == ""
    assert answer["result.txt"].startswith(b"\nWARNING: InvalidBaseImagePlatform\nmessage\n")


def test_stages_that_are_not_needed_are_looked_at_for_their_form_only() -> None:
    source = "FROM a\nCMD x\nMAINTAINER m\nFROM b\n"
    assert [each.rule.name for each in _lint(source)] == ["MaintainerDeprecated"]


def test_the_clients_word_counts_before_that_of_the_file() -> None:
    source = "# check=skip=all;error=true\nFROM a\nCMD x\n"
    plan = make_plan(parse(source), Arguments({"BUILDKIT_DOCKERFILE_CHECK": "skip=none"}))
    options = options_of(plan)
    assert not options.error
    assert len(lint(plan, options, {}, Ignored([]))) == 1


@pytest.mark.parametrize(
    "comments",
    [
        "# check=skip=JSONArgsRecommended\n",
        "#CHECK = skip=JSONArgsRecommended,Other because of this\n",
        "# a remark\n# check=skip=all\n# another\n",
    ],
)
def test_a_comment_above_an_instruction_skips_rules_for_it_alone(comments: str) -> None:
    source = f"FROM a AS b\n{comments}CMD x\nFROM b\nCMD y\n"
    (left,) = _lint(source)
    assert left.message.startswith("JSON arguments") and left.last == left.first
    assert left.first == len(source.splitlines())


@pytest.mark.parametrize(
    "comments",
    [
        "# check=skip=Other\n",
        "# check=skip\n",
        "# check=colour=red;skip=all\n",
        "# check=skip=Other\n# check=skip=all\n",
        "# check=skip=all\n\n",
        "# not check=skip=all\n",
        "# check=error=true\n",
    ],
)
def test_other_comments_above_an_instruction_skip_nothing(comments: str) -> None:
    findings = _lint(f"FROM a\n{comments}CMD x\n")
    assert [each.rule.name for each in findings] == ["JSONArgsRecommended"]


def test_a_comment_asks_for_an_experimental_rule_for_its_instruction() -> None:
    ask = "# what\n# check=experimental=InvalidDefinitionDescription\n"
    findings = _lint(f"FROM a\n{ask}ARG x\n# what\nARG y\n")
    assert [(each.rule.name, each.first) for each in findings] == [
        ("InvalidDefinitionDescription", 4)
    ]


def test_a_comment_with_options_describes_no_stage() -> None:
    head = "# check=experimental=all\n\n"
    assert _lint(f"{head}# b what it is\n# check=skip=StageNameCasing\nFROM a AS b\n") == []


def test_only_the_first_unknown_names_get_a_hint() -> None:
    source = "FROM a\nENV KNOWN=1\n" + "LABEL a=$KNOWS\n" * 40
    hints = [each.message.endswith("(did you mean $KNOWN?)") for each in _lint(source)]
    assert len(hints) == 40 and hints == sorted(hints, reverse=True) and sum(hints) == 32


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("skip", 'invalid check option "skip"'),
        ("colour=red", 'invalid check option "colour"'),
        ("error=perhaps", 'failed to parse check option "error=perhaps"'),
    ],
)
def test_options_that_are_none(text: str, message: str) -> None:
    with pytest.raises(InvalidParameter, match=message):
        parse_options(text)


def test_findings_may_end_the_build() -> None:
    findings = _lint("# check=error=true\nFROM a AS B\nCMD x\n")
    strict = parse_options("error=true")
    with pytest.raises(InvalidParameter) as caught:
        check_strictness(strict, findings)
    assert str(caught.value) == (
        "lint violation found for rules: JSONArgsRecommended, StageNameCasing"
    )
    check_strictness(strict, [])
    check_strictness(parse_options(""), findings)


def test_the_report_shows_lines_and_places() -> None:
    source = "FROM a\nUSER u\nCMD x\n"
    report = lint_report("Dockerfile", source, _lint(source))
    text = report["result.txt"].decode()
    assert text == (
        "\nWARNING: JSONArgsRecommended - "
        "https://docs.docker.com/go/dockerfile/rule/json-args-recommended/\n"
        "JSON arguments recommended for CMD to prevent unintended behavior related to OS signals\n"
        "Dockerfile:3\n--------------------\n"
        "   1 |     FROM a\n   2 |     USER u\n   3 | >>> CMD x\n   4 |     \n"
        "--------------------\n"
    )
    (warning,) = json.loads(report["result.json"])["warnings"]
    assert warning["ruleName"] == "JSONArgsRecommended"
    assert warning["location"]["ranges"][0]["start"]["line"] == 3
    assert report["result.statuscode"] == b"1"
    assert lint_report("Dockerfile", source, [])["result.statuscode"] == b"0"
