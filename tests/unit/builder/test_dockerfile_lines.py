"""Files as logical lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.lines import parse, parse_line


def _texts(source: str) -> list[str]:
    return [line.text for line in parse(source).lines]


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("FROM a\nRUN b\n", ["FROM a", "RUN b"]),
        ("FROM a\r\nRUN b \\\r\n c\r\n", ["FROM a", "RUN b  c"]),
        ("\ufeffFROM a", ["FROM a"]),
        ("# words\n\n  FROM a\n\t# more\nRUN b", ["FROM a", "RUN b"]),
        ("RUN a \\\n# between\n  b", ["RUN a   b"]),
        ("RUN a \\\n\n  b", ["RUN a   b"]),
        ("RUN a \\  \nb", ["RUN a b"]),
        ("RUN a \\\\\nRUN b", ["RUN a \\\\", "RUN b"]),
        ("# escape=`\nRUN a `\nb\\\nRUN c", ["RUN a b\\", "RUN c"]),
        ("\\\nFROM a", ["FROM a"]),
        ("FROM a \\", ["FROM a"]),
        ("RUN cat <<A <<B\n1\nA\n2\nB\nUSER x", ["RUN cat <<A <<B", "USER x"]),
    ],
)
def test_lines_are_joined_and_comments_dropped(source: str, texts: list[str]) -> None:
    assert _texts(source) == texts


def test_lines_know_their_places() -> None:
    lines = parse("# c\nFROM a\n\nRUN b \\\n c\nCOPY <<E /x\ntext\nE\nUSER u").lines
    assert [(line.first, line.last) for line in lines] == [(2, 2), (4, 5), (6, 8), (9, 9)]


def test_an_empty_continuation_is_warned_of() -> None:
    assert parse("RUN a \\\n\n b").warnings == ["Empty continuation line found in:\n    RUN a  b"]


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("# syntax=x/y:1\n#check=skip=all\nFROM a", {"syntax": "x/y:1", "check": "skip=all"}),
        ("#ESCAPE = `\nFROM a", {"escape": "`"}),
        ("# about=this\n# escape=`\nFROM a", {}),
        ("# just words\n# escape=`\nFROM a", {}),
        ("\n# escape=`\nFROM a", {}),
        ("FROM a\n# escape=`", {}),
    ],
)  # fmt: skip
def test_directives_stand_on_top_only(source: str, values: dict[str, str]) -> None:
    assert parse(source).directives == values


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("# escape=`\n# escape=\\\nFROM a", "only one escape parser directive can be used", 2),
        ("# escape=x\nFROM a", "invalid escape token 'x' does not match ` or \\", 1),
        ("", "file with no instructions", 0),
        ("# only\n", "file with no instructions", 0),
        ("FROM a\nRUN <<E\nx", "unterminated heredoc", 2),
    ],
)
def test_what_is_no_dockerfile(source: str, message: str, line: int) -> None:
    with pytest.raises(DockerfileError) as caught:
        parse(source)
    assert (caught.value.message, caught.value.line) == (message, line)


def test_here_documents_say_how_they_are_read() -> None:
    line = parse("COPY <<-A <<\"B\" <<'C' /d/\n\tone\n\tA\ntwo\nB\nC\n").lines[0]
    assert [(h.name, h.expand, h.chomp, h.content) for h in line.heredocs] == [
        ("A", True, True, "one\n"),
        ("B", False, False, "two\n"),
        ("C", False, False, ""),
    ]


@pytest.mark.parametrize("text", ["RUN a << b", "RUN echo $((1<<2))", "RUN cat <<<x", "ENV a=<<E"])
def test_what_only_looks_like_a_here_document(text: str) -> None:
    assert parse(text).lines[0].heredocs == ()


def test_flags_come_before_arguments() -> None:
    line = parse_line('COPY --from=x --chown="a b" --link src --not /dst')
    assert [str(flag) for flag in line.flags] == ["--from=x", "--chown=a b", "--link"]
    assert line.rest == "src --not /dst"


def test_two_dashes_end_the_flags() -> None:
    assert parse_line("CMD -- --x").rest == "--x"


def test_errors_show_the_place() -> None:
    source = "FROM a\nRNU b\nUSER c\n"
    error = parse(source).lines[1].fail("unknown instruction: RNU", "RNU")
    assert error.explain(source) == (
        "dockerfile parse error on line 2: unknown instruction: RNU\n"
        "Dockerfile:2\n  1 | FROM a\n> 2 | RNU b\n    | ^^^\n  3 | USER c"
    )


@given(st.text(alphabet="FROMRUN a\\\n\r`#<-E\"'=$", max_size=80))
def test_no_text_breaks_the_parser(source: str) -> None:
    try:
        parsed = parse(source)
    except DockerfileError:
        return
    count = source.count("\n") + 1
    places = [(line.first, line.last) for line in parsed.lines]
    assert places == sorted(places)
    assert all(1 <= first <= last <= count for first, last in places)


@given(st.lists(st.text(alphabet="abc =$", min_size=1, max_size=10), min_size=1, max_size=5))
def test_joining_lines_is_the_same_as_writing_one(words: list[str]) -> None:
    pieces = ["x" + word for word in words]
    joined = parse("RUN " + " \\\n".join(pieces)).lines
    assert [line.text for line in joined] == [("RUN " + " ".join(pieces)).strip()]
