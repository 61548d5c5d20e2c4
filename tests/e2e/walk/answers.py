"""Recorded answers of dockerd, and what makes a recording valid on a machine."""

import difflib
import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from e2e.walk import accepted, accepted_commands
from e2e.walk.story import Answer, Story, play

_DATA = Path(__file__).parent.parent / "data"
PATH = _DATA / "dockerd.json"
# Of the stories that compare command lines more than engines.
COMMANDS_PATH = _DATA / "commands.json"


def surroundings() -> dict[str, str]:
    """What answers depend on besides the engine: the client and the machine."""
    client = subprocess.run(["docker", "--version"], capture_output=True, text=True, check=True)
    return {
        "client": client.stdout.split(",")[0].removeprefix("Docker version "),
        "machine": platform.machine(),
        "cgroup": "v2" if Path("/sys/fs/cgroup/cgroup.controllers").exists() else "v1",
        "cpus": str(os.cpu_count()),
        "capabilities": _bounding_set(),
    }


def _bounding_set() -> str:
    status = Path("/proc/self/status").read_text()
    return next(line.split()[1] for line in status.splitlines() if line.startswith("CapBnd"))


def write(told: dict[str, list[Answer]], path: Path = PATH) -> None:
    """Keep the answers *told*, by story, as JSON that diffs well."""
    stories = {name: [answer.as_dict() for answer in answers] for name, answers in told.items()}
    document = {"surroundings": surroundings(), "stories": stories}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def read(path: Path = PATH) -> tuple[dict[str, str], dict[str, list[Answer]]]:
    """The surroundings and the answers, by story, of a recording."""
    document = json.loads(path.read_text())
    stories = {
        name: [Answer(**answer) for answer in answers]
        for name, answers in document["stories"].items()
    }
    return document["surroundings"], stories


def tell(story: Story, host: str, root: Path, client: Sequence[str] = ()) -> list[Answer]:
    """Play *story* on the engine at *host*, whose directory is *root*, with *client* as docker."""
    return play(story, host, [(str(root), "<ROOT>")], client)


class Accepted:
    """The differences that are accepted: all of an engine, or those of our command line, too."""

    def __init__(self, commands: bool) -> None:
        self.hidden = (*accepted.HIDDEN, *(accepted_commands.HIDDEN if commands else ()))
        self.otherwise = (
            *(accepted_commands.OTHERWISE if commands else ()),
            *accepted.OTHERWISE,
        )


def _page(story: str, answer: Answer, rows: Accepted) -> list[str]:
    sections = [f"exit code {answer.code}"]
    for label, output in (("stdout", answer.stdout), ("stderr", answer.stderr)):
        lines = accepted.hide(story, output, rows.hidden).splitlines()
        sections += [f"{label}| {line}" for line in lines]
    return sections


def _unlike(story: str, wanted: Answer, got: Answer, rows: Accepted) -> list[str]:
    """How *got* differs from *wanted*, as the lines of a diff; empty if it does not."""
    row = accepted.otherwise(wanted.line, rows.otherwise)
    if row and got.code == row.code and re.search(row.output, (got.stdout + got.stderr).strip()):
        return []
    left, right = _page(story, wanted, rows), _page(story, got, rows)
    diff = list(difflib.unified_diff(left, right, lineterm="", n=1))[2:]
    return [line for line in diff if not line.startswith("@@")]


def differences(
    story: str, expected: Sequence[Answer], actual: Iterable[Answer], *, commands: bool = False
) -> list[str]:
    """One readable block for each line of *story* that was answered otherwise. *commands*: our own
    command line answered."""
    rows = Accepted(commands)
    blocks = []
    for wanted, got in zip(expected, actual, strict=True):
        assert wanted.line == got.line, "the story changed: record it anew"
        if unlike := _unlike(story, wanted, got, rows):
            blocks.append("\n".join([f"[{story}] {wanted.line}", *unlike]))
    return blocks
