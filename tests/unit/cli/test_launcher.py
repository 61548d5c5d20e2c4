"""The installed program: where it finds its modules, what it leaves out, how it ends."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "bin" / "boxship"


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment whose interpreter says what it imports."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "pyvenv.cfg").touch()
    (tmp_path / "lib").symlink_to(Path(sys.prefix) / "lib")
    shutil.copy(SCRIPT, tmp_path / "bin" / "boxship")
    python = tmp_path / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -X importtime "$@"\n')
    python.chmod(0o755)
    return tmp_path


def run(program: Path, *words: str, **options: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([program, *words], text=True, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload,no-any-return]


def imported(errors: str) -> set[str]:
    lines = [line for line in errors.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_python_starts_with_little(environment: Path) -> None:
    done = run(environment / "bin/boxship", "--version", stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout[:16]) == (0, "Boxship version ")
    modules = imported(done.stderr)
    assert "boxship.cli.launch" in modules
    assert modules & {"site", "re", "functools", "enum", "collections"} == set()


def test_a_link_to_the_program_works(environment: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("bin/boxship")
    done = run(link, "--version", stdout=subprocess.PIPE)
    assert done.stdout.startswith("Boxship version ")


def test_words_and_exit_codes_pass_through(environment: Path) -> None:
    done = run(environment / "bin/boxship", "no such", "two words")
    assert done.returncode == 1
    assert "boxship: 'no such' is not a boxship command." in done.stderr


def test_the_environment_of_these_tests_has_this_program() -> None:
    """An installer's own entry point would be slow; ``make setup`` puts ours in place."""
    installed = Path(sys.prefix) / "bin" / "boxship"
    assert installed.read_text() == SCRIPT.read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="kernel: no /dev/full")
def test_output_that_cannot_be_written_is_a_failure(environment: Path) -> None:
    with open("/dev/full", "w") as full:
        done = run(environment / "bin/boxship", "--version", stdout=full)
    assert done.returncode != 0
