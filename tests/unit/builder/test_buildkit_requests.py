"""What BuildKit's attributes ask for, what a build will need, and what its errors say."""

import json
from typing import Any

import pytest

from boxship.base.errors import BoxshipError, InvalidParameter
from boxship.builder.buildkit import attributes, definition
from boxship.builder.buildkit.failure import failure, sentence
from boxship.builder.buildkit.vertexes import Feed, Vertexes
from boxship.builder.dockerfile.lines import parse
from boxship.builder.machine import StepFailed
from boxship.builder.needs import Needs, find_needs
from boxship.builder.plan import Plan, make_plan
from boxship.builder.stage import Arguments
from boxship.builder.work import Origin


def plan(text: str, target: str = "", **given: str) -> Plan:
    return make_plan(parse(text), Arguments(given, {}, {}), target)


def needs(text: str, bases: dict[str, Any] | None = None, **given: str) -> Needs:
    return find_needs(plan(text, **given), bases or {})


def test_attributes_become_options() -> None:
    request = attributes.read(
        "dockerfile.v0",
        {
            "target": "t",
            "build-arg:A": "1",
            "label:l": "v",
            "no-cache": "One,two",
            "image-resolve-mode": "pull",
            "add-hosts": 'a=1.2.3.4,"b=::1"',
            "force-network-mode": "none",
            "shm-size": "1024",
            "ulimit": "nofile=1:2,nproc=3",
            "cgroup-parent": "/x",
            "cache-imports": json.dumps([{"Type": "registry", "Attrs": {"ref": "r/i:1"}}]),
            "build-arg:SOURCE_DATE_EPOCH": "5",
            "attest:provenance": "mode=min",
            "filename": "F",
            "context:x": "docker-image://y:1",
            "context:z::linux/amd64": "local:z",
            "context:i": "input:0-i",
        },
        {"0-i": "sha256:abc"},
    )
    options = request.options
    assert (options.target, options.build_args["A"], options.labels) == ("t", "1", {"l": "v"})
    assert (options.no_cache, options.no_cache_stages) == (False, ("one", "two"))
    assert options.pull and options.network == "none"
    assert options.extra_hosts == ("a:1.2.3.4", "b:::1")
    assert options.limits.shm_size == 1024 and options.limits.cgroup_parent == "/x"
    assert [(u.name, u.soft, u.hard) for u in options.limits.ulimits] == [
        ("nofile", 1, 2),
        ("nproc", 3, 3),
    ]
    assert options.cache_from == ()
    assert [(one.kind, one.title) for one in request.caches] == [("registry", "r/i:1")]
    assert options.created == 5_000_000_000
    assert request.filename == "F"
    assert request.platforms == ()
    assert set(request.named_on("linux/arm64")) == {"x", "i"}
    assert request.named_on("linux/amd64") == {
        "x": Origin("image", "y:1"),
        "z": Origin("context", "z"),
        "i": Origin("image", "sha256:abc"),
    }


def test_several_platforms_have_results_of_their_own() -> None:
    request = attributes.read("dockerfile.v0", {"platform": "linux/arm64/v8,linux/amd64"}, {})
    assert request.platforms == ("linux/arm64", "linux/amd64")
    assert request.options_on("linux/arm64").platform == "linux/arm64"
    one = {"platform": "linux/arm64", "multi-platform": "true"}
    assert attributes.read("dockerfile.v0", one, {}).platforms == ("linux/arm64",)
    assert attributes.read("dockerfile.v0", {"platform": "linux/arm64"}, {}).platforms == ()


def test_no_cache_without_names_is_for_all() -> None:
    options = attributes.read("dockerfile.v0", {"no-cache": ""}, {}).options
    assert options.no_cache and not options.no_cache_stages


@pytest.mark.parametrize("source", ["docker/dockerfile:1", "docker.io/docker/dockerfile@sha256:a"])
def test_dockers_front_ends_are_ours(source: str) -> None:
    assert attributes.read("gateway.v0", {"source": source}, {}).filename == "Dockerfile"


@pytest.mark.parametrize(
    ("frontend", "attrs", "said"),
    [
        ("other.v0", {}, "failed to find frontend other.v0"),
        ("gateway.v0", {"source": "evil/front"}, "evil/front is not supported"),
        ("dockerfile.v0", {"build-arg:BUILDKIT_SYNTAX": "evil/f"}, "evil/f is not supported"),
        ("dockerfile.v0", {"requestid": "frontend.colour"}, "unsupported request"),
        ("dockerfile.v0", {"platform": "linux/amd64,windows/amd64"}, "operating system"),
        ("dockerfile.v0", {"cache-imports": '[{"Attrs": {}}]'}, "cache-imports"),
        ("dockerfile.v0", {"shm-size": "-1"}, "shm-size"),
        ("dockerfile.v0", {"ulimit": "x=y"}, "ulimit"),
        ("dockerfile.v0", {"add-hosts": "x"}, "key-value"),
        ("dockerfile.v0", {"force-network-mode": "x"}, "netmode"),
        ("dockerfile.v0", {"image-resolve-mode": "x"}, "image-resolve-mode"),
        ("dockerfile.v0", {"cache-imports": "{"}, "cache-imports"),
        ("dockerfile.v0", {"context:x": "ftp://y"}, "context source ftp"),
        ("dockerfile.v0", {"context:x": "input:gone"}, "context source input"),
    ],
)
def test_what_cannot_be_done_is_said(frontend: str, attrs: dict[str, str], said: str) -> None:
    with pytest.raises(BoxshipError, match=said):
        attributes.read(frontend, attrs, {})


def test_only_paths_of_needed_stages_are_needed() -> None:
    text = (
        "FROM a AS one\nARG D=dir\nENV E=/$D/x\nCOPY $E one* ./y/ /\n"
        "FROM a AS other\nCOPY never /\n"
        "FROM one\nADD z https://example.com/f /\nCOPY --from=one /q /q\n"
        "RUN --mount=source=m,target=/m --mount=type=secret,id=s --mount=type=ssh true\n"
    )
    found = needs(text)
    assert found.paths == {"dir/x", "one*", "y", "z", "m"}
    assert not found.everything
    assert (found.secrets, found.agents) == ({"s"}, {"default"})
    assert needs(text, D="given").paths == {"given/x", "one*", "y", "z", "m"}


@pytest.mark.parametrize(
    "step", ["COPY . /", "ADD / /x", "COPY a/.. /", "RUN --mount=target=/m true", "COPY ${x?} /"]
)
def test_everything_may_be_needed(step: str) -> None:
    assert needs(f"FROM a\n{step}\n").everything


def test_bases_say_variables_and_triggers() -> None:
    bases = {"a": {"Env": ["V=from-base"], "OnBuild": ["COPY trigger /"]}}
    assert needs("FROM a\nCOPY $V /\n", bases).paths == {"from-base", "trigger"}


def test_names_of_images_stand_for_other_things() -> None:
    found = plan("FROM a\nCOPY --from=docker.io/library/b:latest x /\n")
    found.name_contexts({"a": Origin("image", "c"), "b": Origin("context", "b")})
    assert found.stages[0].image == "c"
    assert found.find("b", 0) == Origin("context", "b")
    found = plan("FROM a\nRUN x\n")
    found.name_contexts({"a": Origin("context", "b")})
    (stage,) = found.stages
    assert stage.image == "" and [step.KEYWORD for step in stage.steps] == ["COPY", "RUN"]


def test_a_stage_may_be_named_away() -> None:
    found = plan("FROM a AS one\nRUN x\nFROM b AS two\nCOPY --from=one /x /\nFROM two\n")
    found.name_contexts({"two": Origin("image", "c")})
    assert [(each.image, len(each.steps)) for each in found.needed] == [("c", 0), ("", 0)]
    found.name_contexts({"one": Origin("context", "d")})
    assert found.find("one", 1) == Origin("context", "d")


def test_results_travel_as_definitions() -> None:
    data = definition.of_image("sha256:abc").encode()
    assert definition.image_in(data) == "sha256:abc"
    assert definition.image_in(b"\x0a\x05") == ""
    assert definition.image_in(b"") == ""
    twice = definition.of_image("x")
    twice.operations += twice.operations
    assert definition.image_in(twice.encode()) == ""


def test_failures_carry_their_lines() -> None:
    text = "FROM a\nRUN x \\\n  y\n"
    line = parse(text).lines[1]
    error = failure(StepFailed("classic", 3, "sh -c x"), "D", text, line, "sha256:1")
    assert str(error) == 'process "sh -c x" did not complete successfully: exit code: 3'
    source = json.loads(error.status.details[0].value)
    assert source["ranges"] == [{"start": {"line": 2}, "end": {"line": 3}}]
    assert source["info"]["filename"] == "D"
    assert json.loads(error.status.details[1].value) == {"digest": "sha256:1"}
    assert failure(InvalidParameter("x"), "D", text).status.details == []
    assert sentence(InvalidParameter("x")) == "x"


def test_steps_are_numbered_as_buildkit_does() -> None:
    found = plan("FROM a AS one\nENV x=y\nCOPY a /\nRUN b\nFROM one\nWORKDIR /\nCMD c\n")
    feed = Feed()
    told = Vertexes(feed, found, "ref")
    for text in ("FROM a AS one", "ENV x=y", "COPY a /", "RUN b"):
        told.begin(0, text)
        told.cached(0)
        told.end(0, None)
    told.begin(1, "FROM one")
    told.end(1, None)
    told.begin(1, "WORKDIR /")
    told.fail(1, found.stages[1].steps[0].line, InvalidParameter("no"))
    told.cancel()
    feed.end()
    told_of = [vertex for event in feed.events for vertex in event.vertexes]
    assert [vertex.started is None for vertex in told_of if vertex.name.endswith("RUN b")] == [
        True,
        False,
        False,
    ]
    vertexes = [vertex for vertex in told_of if vertex.completed is not None]
    assert [vertex.name for vertex in vertexes] == [
        "[one 1/3] FROM docker.io/library/a:latest",
        "[one 2/3] COPY a /",
        "[one 3/3] RUN b",
        "[stage-1 1/1] WORKDIR /",
    ]
    assert [vertex.cached for vertex in vertexes] == [True, True, True, False]
    assert vertexes[-1].error == "no"
    assert vertexes[1].inputs == [vertexes[0].digest]


@pytest.mark.parametrize("name", ["platform", "no-cache", "add-hosts", "cache-from"])
def test_lists_without_end_are_refused(name: str) -> None:
    with pytest.raises(InvalidParameter, match="more than 1000 words"):
        attributes.read("dockerfile.v0", {name: "x=y," * 2000}, {})


def test_definitions_of_any_size_cost_little() -> None:
    """Only the first two operations of one are ever looked at."""
    broken = definition.Definition([b"\xff"] * 5).encode()
    assert definition.image_in(broken) == ""
    assert definition.image_in(definition.of_image("x").encode()) == "x"
