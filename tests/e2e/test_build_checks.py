"""Checks of Dockerfiles through BuildKit's clients: warnings of builds, and questions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines
from support.buildkit_client import Client, client_in

_WARNED = "JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior"


@pytest.fixture
def here(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Client]:
    with client_in(boxship_daemon, tmp_path) as client:
        yield client


def _ask(here: Client, what: str, *words: str, fails: bool = False) -> str:
    flags = ["buildx", "build", f"--print={what}", *words, "."]
    return here.docker(*flags, fails=fails, BUILDX_EXPERIMENTAL="1")


def test_a_build_lists_its_warnings(here: Client) -> None:
    here.write(Dockerfile="FROM busybox AS Base\nCMD x\n")
    said = here.docker("build", ".")
    assert "2 warnings found" in said
    assert f"- {_WARNED} related to OS signals (line 2)" in said
    said = here.docker("--debug", "build", ".")
    assert "   2 | >>> CMD x" in said and "go/dockerfile/rule/json-args-recommended/" in said


@pytest.mark.parametrize("words", [[], ["--build-arg", "BUILDKIT_DOCKERFILE_CHECK=error=true"]])
def test_warnings_may_be_errors(here: Client, words: list[str]) -> None:
    first = "" if words else "# check=error=true\n"
    here.write(Dockerfile=f"{first}FROM busybox\nCMD x\nRUN exit 1\n")
    said = here.docker("build", *words, ".", fails=True)
    assert "lint violation found for rules: JSONArgsRecommended" in said
    assert "exit 1" not in said


def test_files_that_the_context_leaves_out(here: Client) -> None:
    here.write(Dockerfile="FROM busybox\nCOPY a b* /x/\n", a="1", b="2")
    here.write(**{".dockerignore": "a\n"})
    said = here.docker("build", ".", fails=True)
    assert 'CopyIgnoredFile: Attempting to Copy file "a" that is excluded by .dockerignore' in said


def test_base_images_define_variables(here: Client) -> None:
    here.write(Dockerfile="FROM busybox\nENV FROM_BASE=1\nARG LATER\n")
    here.docker("build", "-t", "checks:base", ".")
    here.write(Dockerfile="FROM checks:base\nLABEL a=$FROM_BASE b=$FROM_BASS c=$LATER\n")
    said = here.docker("build", "-t", "checks:child", ".")
    here.docker("rmi", "-f", "checks:child", "checks:base")
    assert "'$FROM_BASS' (did you mean $FROM_BASE?)" in said
    assert "undefined variable '$LATER'" in said and "'$FROM_BASE'" not in said


def test_questions_are_answered_without_a_build(here: Client) -> None:
    here.write(
        Dockerfile="# one the first\nFROM busybox AS one\n# A of something\nARG A=1\nRUN exit 1\n"
        "FROM one\nCMD x\n"
    )
    assert "one       the first\n" in _ask(here, "targets")
    assert "one       the first\n" in _ask(here, "targets", "--target", "nosuch")
    told = _ask(here, "outline", "--build-arg", "A=2")
    assert "A           2       of something" in told
    said = _ask(here, "lint")
    assert "WARNING: JSONArgsRecommended - " in said and ">>> CMD x" in said
    assert "outline              1.0.0" in _ask(here, "subrequests.describe")
    assert "unsupported request frontend.colour" in _ask(here, "colour", fails=True)


def test_the_report_of_a_file_that_is_broken(here: Client) -> None:
    here.write(Dockerfile="FROM busybox\nRNU x\n")
    said = _ask(here, "lint")
    assert "ERROR: dockerfile parse error on line 2: unknown instruction: RNU" in said
    assert "   2 | >>> RNU x" in said
