"""docs/guide/not-supported.md: every command that it names fails with the answer that it says."""

import os
import re
import shlex
import subprocess

import pytest

from support.engines import Engine
from support.requirements import require_tool
from support.sources import ROOT
from support.terminals import PROGRAM

PAGE = (ROOT / "docs" / "guide" / "not-supported.md").read_text()
ROWS = re.findall(r"(?m)^\|(?: [^`|]+ \|)? `((?:docker|boxship) [^`]+)` \| `([^`]+)` \|", PAGE)


def test_every_row_of_the_tables_is_read() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|") and "`" in line]
    assert len(ROWS) == len(rows) > 25


@pytest.mark.parametrize(("command", "answer"), ROWS)
def test_a_feature_that_is_not_supported_answers_as_the_page_says(
    clean_boxship: Engine, command: str, answer: str
) -> None:
    require_tool("docker")
    program, *words = shlex.split(command.replace("IMAGE", "busybox"))
    done = subprocess.run(
        [*(PROGRAM if program == "boxship" else [program]), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "DOCKER_HOST": clean_boxship.host},
    )
    assert done.returncode != 0 and answer in done.stderr
