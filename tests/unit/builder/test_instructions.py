"""Instructions: what each says, and what it does to a stage."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.builder import instructions
from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.lines import parse, parse_line
from boxship.builder.instructions import TABLE
from boxship.builder.note import Note
from boxship.builder.stage import Arguments, Effect, Stage
from boxship.builder.work import Copy, Files, MakeDirectory, Origin, Run, Write


def _stage(*lines: str, **given_args: str) -> Stage:
    stage = Stage(arguments=Arguments(given=given_args))
    for line in lines:
        _apply(stage, line)
    return stage


def _apply(stage: Stage, text: str) -> Effect:
    return instructions.parse(parse(text).lines[0]).apply(stage)


@pytest.mark.parametrize(
    ("lines", "key", "value"),
    [
        (["ENV a=1 b='x y'"], "Env", ["a=1", "b=x y"]),
        (["ENV a 1  2"], "Env", ["a=1  2"]),
        (["ENV a=1", "ENV a=2 b=$a"], "Env", ["a=2", "b=1"]),
        (["ENV a=1", "ENV c=${a}${d:-z}"], "Env", ["a=1", "c=1z"]),
        (["ENV a=", "ENV b=x"], "Env", ["a=", "b=x"]),
        (["LABEL a=b", 'LABEL "c d"=e a=f'], "Labels", {"a": "f", "c d": "e"}),
        (["LABEL a=b\\\n c=d"], "Labels", {"a": "b", "c": "d"}),
        (["EXPOSE 80 443/udp"], "ExposedPorts", {"80/tcp": {}, "443/udp": {}}),
        (["EXPOSE 8000-8002"], "ExposedPorts", {"8000/tcp": {}, "8001/tcp": {}, "8002/tcp": {}}),
        (["ENV p='1 2'", "EXPOSE $p"], "ExposedPorts", {"1/tcp": {}, "2/tcp": {}}),
        (["VOLUME /a /b"], "Volumes", {"/a": {}, "/b": {}}),
        (['VOLUME ["/a b"]'], "Volumes", {"/a b": {}}),
        (["CMD echo $x"], "Cmd", ["/bin/sh", "-c", "echo $x"]),
        (['CMD ["a", "b"]'], "Cmd", ["a", "b"]),
        (["CMD"], "Cmd", ["/bin/sh", "-c", ""]),
        (["ENTRYPOINT"], "Entrypoint", ["/bin/sh", "-c", ""]),
        (['CMD ["a", "b"] c'], "Cmd", ["a", "b"]),
        (["ENV D='/a b'", "VOLUME $D /c"], "Volumes", {"/a b": {}, "/c": {}}),
        (["WORKDIR /a", "WORKDIR $x"], "WorkingDir", "/a"),
        (["ENV A=$12"], "Env", ["A="]),
        (
            ["ONBUILD COPY <<-A <<B /x\n\tone\nA\ntwo\nB"],
            "OnBuild",
            ["COPY <<-A <<B /x\n\tone\nA\ntwo\nB"],
        ),
        (["CMD [a]"], "Cmd", ["/bin/sh", "-c", "[a]"]),
        (['SHELL ["/x", "-y"]', "CMD z"], "Cmd", ["/x", "-y", "z"]),
        (['ENTRYPOINT ["a"]'], "Entrypoint", ["a"]),
        (["ENTRYPOINT a"], "Entrypoint", ["/bin/sh", "-c", "a"]),
        (["ENTRYPOINT []"], "Entrypoint", None),
        (["CMD a", "ENTRYPOINT b"], "Cmd", ["/bin/sh", "-c", "a"]),
        (["WORKDIR /a", "WORKDIR b/../c"], "WorkingDir", "/a/c"),
        (["WORKDIR //a", "WORKDIR /x//y/../z/"], "WorkingDir", "/x//y/../z/"),
        (["WORKDIR /x//y/../z/", "WORKDIR w/"], "WorkingDir", "/x/z/w"),
        (["ENV d=/x", "WORKDIR $d/y"], "WorkingDir", "/x/y"),
        (["WORKDIR ../../a"], "WorkingDir", "/a"),
        (["USER a:b"], "User", "a:b"),
        (["STOPSIGNAL SIGTERM"], "StopSignal", "SIGTERM"),
        (["STOPSIGNAL RTMIN+3"], "StopSignal", "RTMIN+3"),
        (["ONBUILD run x"], "OnBuild", ["run x"]),
        (["HEALTHCHECK NONE"], "Healthcheck", {"Test": ["NONE"]}),
        (
            ["HEALTHCHECK --interval=5s --retries=2 CMD a b"],
            "Healthcheck",
            {"Test": ["CMD-SHELL", "a b"], "Interval": 5_000_000_000, "Retries": 2},
        ),
        (["SHELL [\"a\"]"], "Shell", ["a"]),
    ],
)  # fmt: skip
def test_what_an_instruction_leaves_in_the_configuration(
    lines: list[str], key: str, value: Any
) -> None:
    assert _stage(*lines).config[key] == value


def test_an_entry_point_drops_the_inherited_command() -> None:
    stage = Stage()
    stage.config["Cmd"] = ["inherited"]
    _apply(stage, "ENTRYPOINT x")
    assert stage.config["Cmd"] is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("RNU x", "unknown instruction: RNU (did you mean RUN?)"),
        ("ENV", "ENV requires at least one argument"),
        ("ENV a", "ENV must have two arguments"),
        ("ENV a=b c", 'Syntax error - can\'t find = in "c". Must be of the form: name=value'),
        ("ENV =b", "ENV names can not be blank"),
        ("ENV --x a=b", "unknown flag: --x"),
        (
            "COPY a",
            "COPY requires at least two arguments, but only one was provided. Destination could "
            "not be determined",
        ),
        (
            "COPY --from=$x a b",
            "variable expansion is not supported for --from, define a new stage with FROM using "
            "ARG from global scope as a workaround",
        ),
        ("CMD [1]", "when using JSON array syntax, arrays must be comprised of strings only"),
        ("RUN [[]]", "when using JSON array syntax, arrays must be comprised of strings only"),
        ('COPY ["a", 1]', "when using JSON array syntax, arrays must be comprised of strings only"),
        ("SHELL", "SHELL requires at least one argument"),
        ('VOLUME [""]', "VOLUME specified can not be an empty string"),
        ("HEALTHCHECK x", 'unknown type "x" in HEALTHCHECK (try CMD)'),
        ("RUN --mount=target=/x,rw=q y", "invalid value for rw: q"),
        ("RUN --mount=type=cache,target=/x,sharing=q y", 'unsupported sharing value "q"'),
        ("COPY --form=x a b", "unknown flag: --form (did you mean from?)"),
        ("COPY --from=x --from=y a b", "duplicate flag specified: --from"),
        ("COPY --link=maybe a b", "expecting boolean value for flag --link, not: maybe"),
        ("COPY --from a b", "missing a value on flag: --from"),
        ("SHELL sh", "SHELL requires the arguments to be in JSON form"),
        ("ONBUILD ONBUILD RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        ("ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"),
        ("FROM a b", "FROM requires either one or three arguments"),
        ("RUN --network=x y", 'invalid network mode "x"'),
        ("RUN --mount=type=bnd,target=/x y", 'unsupported mount type "bnd" (did you mean bind?)'),
        ("RUN --mount=type=cache x", 'mount of type "cache" has no target'),
        ("RUN --mount=type=tmpfs,target=/ x", 'invalid mount target "/"'),
        (
            "RUN --mount=type=tmpfs,target=/x,id=y z",
            "unexpected key 'id' for mount type 'tmpfs'",
        ),
        ("USER", "USER requires exactly one argument"),
        ("HEALTHCHECK --retries=x CMD a", "--retries must be at least 0 (not 'x')"),
        ("ARG =x", "ARG names can not be blank"),
    ],
)
def test_what_an_instruction_refuses(text: str, message: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        instructions.parse(parse_line(text, 7))
    assert (caught.value.message, caught.value.line) == (message, 7)
    assert str(caught.value) == f"dockerfile parse error on line 7: {message}"


@pytest.mark.parametrize(
    "text",
    [
        "EXPOSE 70000",
        "EXPOSE 1/x",
        "STOPSIGNAL nope",
        "VOLUME $x",
        'VOLUME "/a b"',
        "COPY http://a/b /x",
        "COPY https://a/b.git /x",
    ],
)
def test_what_only_its_values_forbid(text: str) -> None:
    step = instructions.parse(parse_line(text))
    with pytest.raises(InvalidParameter):
        step.apply(Stage())


def _copy(text: str, *before: str) -> tuple[Files, Copy]:
    work = _apply(_stage(*before), text).work
    assert isinstance(work, Files)
    action = work.actions[0]
    assert isinstance(action, Copy)
    return work, action


@pytest.mark.parametrize(
    ("text", "paths", "target"),
    [
        ("COPY a /b", ("a",), "/b"),
        ("COPY a b/", ("a",), "/w/b/"),
        ("COPY a .", ("a",), "/w/"),
        ("COPY a ./", ("a",), "/w/"),
        ("COPY a ..", ("a",), "/"),
        ("COPY a b /c/", ("a", "b"), "/c/"),
        ('COPY ["a b", "/c d/"]', ("a b",), "/c d/"),
        ("COPY $v /x", ("V",), "/x"),
    ],
)
def test_where_copy_goes(text: str, paths: tuple[str, ...], target: str) -> None:
    _, action = _copy(text, "ENV v=V", "WORKDIR /w")
    assert (action.paths, action.target) == (paths, target)


def test_flags_of_copy() -> None:
    text = "COPY --link --parents --from=other --chown=$u --chmod=700 --exclude=x --exclude=y a /b/"
    work, action = _copy(text, "ENV u=me")
    assert work.link and action.parents
    assert action.origin == Origin("image", "other")
    assert (action.owner.chown, action.owner.chmod) == ("me", "700")
    assert action.excludes == ("x", "y")


def test_here_documents_become_files() -> None:
    work = _apply(_stage("ENV a=1"), "COPY <<A <<'B' /d/\n$a '$a' \"x\"\nA\n$a\nB").work
    assert isinstance(work, Files)
    assert work.actions == (
        Write("A", "1 '1' \"x\"\n", "/d/"),
        Write("B", "$a\n", "/d/"),
    )


def test_add_knows_what_is_remote() -> None:
    work = _apply(_stage(), "ADD a https://h/x git@h:o/r.git https://h/o/r.git#v1:sub /d/").work
    assert isinstance(work, Files)
    origins = [action.origin.kind for action in work.actions if isinstance(action, Copy)]
    assert origins == ["url", "git", "git", "context"]
    assert [a.unpack for a in work.actions if isinstance(a, Copy)] == [False, False, False, True]


def test_workdir_makes_the_directory_for_the_user() -> None:
    work = _apply(_stage("USER me"), "WORKDIR /x").work
    assert work == Files((MakeDirectory("/x", "me"),))


def _run(text: str, *before: str, **given_args: str) -> tuple[Run, Note]:
    effect = _apply(_stage(*before, **given_args), text)
    assert isinstance(effect.work, Run)
    return effect.work, effect.note


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("RUN a $b", ("/bin/sh", "-c", "a $b")),
        ('RUN ["a", "$b"]', ("a", "$b")),
        ("RUN <<E\na\nb\nE", ("/bin/sh", "-c", "a\nb\n")),
        ("RUN <<E cat\na\nE", ("/bin/sh", "-c", "<<E cat\na\nE")),
        ("RUN cat <<E > /x\na\nE", ("/bin/sh", "-c", "cat <<E > /x\na\nE")),
        ("RUN <<E\n#!/bin/x\na\nE", ("/bin/sh", "-c", "/dev/pipes/E")),
    ],
)
def test_what_run_executes(text: str, argv: tuple[str, ...]) -> None:
    assert _run(text)[0].argv == argv


def test_arguments_reach_run_and_its_history_but_proxies_only_run() -> None:
    work, note = _run("RUN x", "ARG b=2", "ARG a", "ARG none", a="1", HTTP_PROXY="p")
    assert note.classic == "|2 a=1 b=2 /bin/sh -c x"
    assert note.buildkit == "RUN |3 b=2 a=1 none= /bin/sh -c x # buildkit"
    assert {"a=1", "b=2"} <= set(work.env) and "HTTP_PROXY=p" not in work.env
    assert work.hidden == ("HTTP_PROXY=p",)


def test_env_wins_over_arguments() -> None:
    work, note = _run("RUN x", "ARG a=1", "ENV a=2")
    assert note.classic == "/bin/sh -c x" and "a=2" in work.env and "a=1" not in work.env
    assert note.buildkit == "RUN |1 a=2 /bin/sh -c x # buildkit"


def test_history_has_the_ports_of_one_instruction() -> None:
    stage = _stage("EXPOSE 70")
    assert _apply(stage, "EXPOSE 80 9-10/udp").note == Note(
        "/bin/sh -c #(nop)  EXPOSE 80 9-10/udp", "EXPOSE map[10/udp:{} 80/tcp:{} 9/udp:{}]"
    )
    assert _apply(stage, "EXPOSE $none").note.buildkit == "EXPOSE map[]"


def test_arguments_that_history_would_repeat_without_end_are_refused() -> None:
    with pytest.raises(DockerfileError, match="more than 10000 names in the ARGs of a stage"):
        _stage(*["ARG" + " a" * 1000] * 11)
    stage = _stage("ARG" + " a" * 1000, a="x" * 10_000)
    with pytest.raises(DockerfileError, match="what the stage has declared by ARG is too long"):
        _apply(stage, "RUN x")


def test_mounts_of_run() -> None:
    work, _ = _run(
        "RUN --mount=type=bind,src=a,dst=b,rw --mount=type=cache,target=/c,id=$i,sharing=locked"
        " --mount=type=secret,id=s --mount=type=tmpfs,target=/t,size=1m --mount=type=ssh x",
        "WORKDIR /w",
        "ENV i=ID",
    )
    assert [(m.kind, m.target, m.read_only) for m in work.mounts] == [
        ("bind", "/w/b", False),
        ("cache", "/c", False),
        ("secret", "/run/secrets/s", False),
        ("tmpfs", "/t", False),
        ("ssh", "/run/buildkit/ssh_agent.default", False),
    ]
    assert work.mounts[0].source == "a" and work.mounts[1].options["id"] == "ID"


@given(st.sampled_from(sorted(TABLE)), st.text(alphabet="ab=$-\"'[],{}/ :1", max_size=30))
def test_no_argument_breaks_an_instruction(keyword: str, rest: str) -> None:
    try:
        instructions.parse(parse_line(f"{keyword} {rest}")).apply(Stage())
    except InvalidParameter as error:
        assert str(error)
