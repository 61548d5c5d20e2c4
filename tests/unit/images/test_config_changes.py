"""``--change``: what instructions do to a configuration. Outcomes recorded from dockerd 26.1.5."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.images.config_changes import INSTRUCTIONS, apply
from boxship.images.words import expand, split


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (['CMD ["sh"]'], {"Cmd": ["sh"]}),
        (["CMD echo hi"], {"Cmd": ["/bin/sh", "-c", "echo hi"]}),
        (['CMD ["a'], {"Cmd": ["/bin/sh", "-c", '["a']}),
        (["cmd x"], {"Cmd": ["/bin/sh", "-c", "x"]}),
        (["ENTRYPOINT /bin/ls -l"], {"Entrypoint": ["/bin/sh", "-c", "/bin/ls -l"], "Cmd": None}),
        (['ENTRYPOINT ["x"]', "CMD y"], {"Entrypoint": ["x"], "Cmd": ["/bin/sh", "-c", "y"]}),
        (["ENV A=b c=d"], {"Env": ["A=b", "c=d"]}),
        (["ENV A one two"], {"Env": ["A=one two"]}),
        (["ENV A=1", "ENV A=2"], {"Env": ["A=2"]}),
        (["ENV A=x", "ENV B=$A-${A}-${C:-d}"], {"Env": ["A=x", "B=x-x-d"]}),
        (["LABEL x=y"], {"Labels": {"x": "y"}}),
        (["LABEL a=\"b c\" d='$e'"], {"Labels": {"a": "b c", "d": "$e"}}),
        (["EXPOSE 80 90/udp"], {"ExposedPorts": {"80/tcp": {}, "90/udp": {}}}),
        (["EXPOSE 1-2"], {"ExposedPorts": {"1/tcp": {}, "2/tcp": {}}}),
        (["VOLUME /data"], {"Volumes": {"/data": {}}}),
        (['VOLUME ["/a b", "/c"]'], {"Volumes": {"/a b": {}, "/c": {}}}),
        (["WORKDIR a"], {"WorkingDir": "/a"}),
        (["WORKDIR /a", "WORKDIR ../b"], {"WorkingDir": "/b"}),
        (["USER 1"], {"User": "1"}),
        (["STOPSIGNAL SIGINT"], {"StopSignal": "SIGINT"}),
        (["ONBUILD RUN x"], {"OnBuild": ["RUN x"]}),
        (["HEALTHCHECK NONE"], {"Healthcheck": {"Test": ["NONE"]}}),
        (
            ["HEALTHCHECK --interval=3s --retries=2 CMD true"],
            {"Healthcheck": {"Test": ["CMD-SHELL", "true"], "Interval": 3 * 10**9, "Retries": 2}},
        ),
        (["", "# a comment", "USER x"], {"User": "x"}),
        (["USER a\nWORKDIR /b"], {"User": "a", "WorkingDir": "/b"}),
    ],
)
def test_instructions(changes: list[str], expected: dict[str, Any]) -> None:
    assert apply({}, changes) == expected


def test_what_was_there_is_kept_and_the_argument_untouched() -> None:
    before: dict[str, Any] = {"Env": ["A=1"], "Labels": {"a": "b"}, "Cmd": ["x"]}
    after = apply(before, ["ENV B=2", "LABEL c=d"])
    assert after == {"Env": ["A=1", "B=2"], "Labels": {"a": "b", "c": "d"}, "Cmd": ["x"]}
    assert before == {"Env": ["A=1"], "Labels": {"a": "b"}, "Cmd": ["x"]}


def test_a_new_entry_point_drops_the_old_command() -> None:
    assert apply({"Cmd": ["x"]}, ['ENTRYPOINT ["y"]'])["Cmd"] is None


def test_a_shell_of_the_image_is_used() -> None:
    assert apply({"Shell": ["/bin/zsh", "-c"]}, ["CMD x"])["Cmd"] == ["/bin/zsh", "-c", "x"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("FOO x", "FOO is not a valid change command"),
        ("run x", "RUN is not a valid change command"),
        ("ENV", "ENV requires at least one argument"),
        ("ENV A", "ENV must have two arguments"),
        ("ENV =x", "ENV names can not be blank"),
        ("LABEL a", "LABEL must have two arguments"),
        ("LABEL a=b c", 'Syntax error - can\'t find = in "c". Must be of the form: name=value'),
        ("USER", "USER requires exactly one argument"),
        ("EXPOSE", "EXPOSE requires at least one argument"),
        ("EXPOSE zz", "Invalid containerPort: zz"),
        ("EXPOSE 80/foo", "Invalid proto: foo"),
        ("EXPOSE 70000", "Invalid containerPort: 70000"),
        ("ONBUILD ONBUILD x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        ("ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"),
        ("HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD"),
        ("HEALTHCHECK --interval=1us CMD x", 'Interval "interval" cannot be less than 1ms'),
        ("HEALTHCHECK --foo=1 CMD x", "unknown flag: foo"),
        ("CMD [1]", "when using JSON array syntax, arrays must be comprised of strings only"),
        ('VOLUME [""]', "VOLUME specified can not be an empty string"),
        ("ENV A='x", "unexpected end of statement while looking for matching quote"),
        ("ENV A=${B:?x}", "unsupported modifier in substitution: ${B:?x}"),
    ],
)
def test_refusals(change: str, message: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        apply({}, [change])
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b", ["a", "b"]),
        ("  a\tb  ", ["a", "b"]),
        ("a\\ b", ["a b"]),
        ("'a b' \"c d\"", ["a b", "c d"]),
        ("a'b'\"c\"", ["abc"]),
        ("''", [""]),
        ('"a\\"b\\$x\\y"', ['a"b$x\\y']),
        ("$V ${V} '$V' \"$V\"", ["v w", "v w", "$V", "v w"]),
        ("${V:+set} ${W:+set}x ${W:-$V}", ["set", "x", "v w"]),
        ("$", ["$"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert split(text, {"V": "v w"}) == words


@given(st.sampled_from(sorted(INSTRUCTIONS)), st.text(max_size=60))
def test_no_instruction_crashes(name: str, text: str) -> None:
    try:
        apply({"Env": ["A=b"]}, [f"{name} {text}"])
    except InvalidParameter:
        pass


@given(st.text(max_size=60))
def test_words_never_crash(text: str) -> None:
    try:
        split(text, {})
        expand(text, {})
    except InvalidParameter:
        pass


@pytest.mark.parametrize("text", ["${" * 300_000, '"' + "${" * 300_000 + '"'])
def test_variables_without_an_end_take_linear_time(text: str) -> None:
    assert expand(text, {}) == text.strip('"')
