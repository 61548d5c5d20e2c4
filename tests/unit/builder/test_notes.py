"""A step's line in the words of Docker's classic builder, as dockerd 26 writes them."""

from typing import Any, cast

import pytest

from boxship.builder import instructions
from boxship.builder.dependencies import Dependencies, Used
from boxship.builder.dockerfile.lines import parse
from boxship.builder.note import CONTENT, Note
from boxship.builder.options import BuildOptions
from boxship.builder.stage import Arguments, Effect, Stage


def _effect(*lines: str, **given_args: str) -> Effect:
    """Of the last of *lines*."""
    stage = Stage(arguments=Arguments(given=given_args))
    effects = [instructions.parse(parse(line).lines[0]).apply(stage) for line in lines]
    return effects[-1]


def _note(*lines: str, **given_args: str) -> Note:
    return _effect(*lines, **given_args).note


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            'HEALTHCHECK --interval=5s --timeout=3s --retries=39 CMD ["x", "a\\tb"]',
            r"""HEALTHCHECK &{["CMD" "x" "a\tb"] "5s" "3s" "0s" "0s" '\''}""",
        ),
        (
            """HEALTHCHECK --interval=1m30s CMD echo 'hi' "there\"""",
            r"""HEALTHCHECK &{["CMD-SHELL" "echo 'hi' \"there\""] "1m30s" "0s" "0s" "0s" '\x00'}""",
        ),
        ("HEALTHCHECK NONE", r"""HEALTHCHECK &{["NONE"] "0s" "0s" "0s" "0s" '\x00'}"""),
        ("ENV A=1 A=2 B=3 A=4", "ENV A=1 A=2 B=3 A=4"),
        ("LABEL x=1 y=2 x=3", "LABEL x=1 y=2 x=3"),
        (
            r'CMD ["a\tb", "c\u0001d", "é\u200b", "\"q\\"]',
            r'CMD ["a\tb" "c\x01d" "é\u200b" "\"q\\"]',
        ),
        (
            r'ENTRYPOINT ["a\nb", "\u007f", "😀", "\u2028"]',
            r'ENTRYPOINT ["a\nb" "\x7f" "😀" "\u2028"]',
        ),
    ],
)
def test_the_classic_builder_shows_what_the_instruction_means(line: str, told: str) -> None:
    assert _note(line) == Note(f"/bin/sh -c #(nop)  {told}", told)


def test_one_blank_stands_before_what_makes_files() -> None:
    shell = 'SHELL ["/bin/sh", "-xc"]'
    assert _note(shell, "WORKDIR /x//y/../z/").classic == "/bin/sh -xc #(nop) WORKDIR /x/z"
    assert _note(shell, "COPY a /b").classic == f"/bin/sh -xc #(nop) COPY {CONTENT} in /b "
    assert _note(shell, "ENV a=1").classic == "/bin/sh -xc #(nop)  ENV a=1"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("COPY a $D/../x//", "COPY * in /e/../x// "),
        ("COPY --chown=1:$D a ./", "COPY --chown=1:/e * in ./ "),
        ("ADD --chmod=600 a .", "ADD * in . "),
    ],
)
def test_copies_go_where_they_are_written_to(line: str, told: str) -> None:
    told = told.replace("*", CONTENT)
    assert _note("ENV D=/e", line).classic == f"/bin/sh -c #(nop) {told}"


def test_a_digest_stands_for_what_the_words_leave_open() -> None:
    dependencies = Dependencies(cast(Any, None), BuildOptions())

    def told(*lines: str) -> str:
        return dependencies.note(_effect(*lines), Used(["digest"], "")).classic

    copies = [["WORKDIR /x", "COPY a ."], ["WORKDIR /y", "COPY a ."], ["COPY --chmod=1 a ."]]
    assert len({told(*lines) for lines in copies}) == len(copies)
    assert told(*copies[0]) == told(*copies[0])
    assert " COPY file:" in told("COPY a /") and " COPY multi:" in told("COPY a b /")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["ARG A1", "ARG A", "ARG none"], "|2 A1=x A=y "),
        (["ENV E=1", "ARG E=2"], ""),
        (["ARG E=2", "ENV E=1"], ""),
        (["ARG E=", "ARG E"], ""),
        (["ARG E=", "ARG A"], "|2 A=y E= "),
    ],
)
def test_run_has_the_arguments_of_its_stage_that_no_env_hides(lines: list[str], told: str) -> None:
    assert _note(*lines, "RUN x", A="y", A1="x").classic == f"{told}/bin/sh -c x"


def test_a_proxy_of_the_clients_makes_run_count() -> None:
    given = {"HTTP_PROXY": "p"}
    assert _note("RUN x", **given).classic == "|0 /bin/sh -c x"
    assert _note("ENV HTTP_PROXY=q", "RUN x", **given).classic == "/bin/sh -c x"
    assert _note("ARG HTTP_PROXY", "RUN x", **given).classic == "|1 HTTP_PROXY=p /bin/sh -c x"


def test_what_run_does_not_tell_of_is_known_to_be_missing() -> None:
    stage = Stage(args={"A": "1"})
    run = instructions.parse(parse("RUN x").lines[0])
    note = run.apply(stage).note
    assert note.classic == "/bin/sh -c x" and note.buildkit == "RUN /bin/sh -c x # buildkit"
    assert not note.says_all(note.classic) and not note.says_all(note.buildkit)
    hidden = _note("ENV A=1", "ARG A=2", "RUN x")
    assert hidden.says_all(hidden.buildkit) and not hidden.says_all(hidden.classic)
    whole = _note("ARG A=2", "RUN x")
    assert whole.says_all(whole.buildkit) and whole.says_all(whole.classic)
