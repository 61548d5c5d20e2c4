"""A story is a list of shell lines that one engine runs in order; an answer is what a line gave."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from e2e.walk import normal

LINE_SECONDS = 60.0
TOOLS = Path(__file__).with_name("bin")
STORIES = Path(__file__).with_name("stories")
KEPT_IMAGE = "busybox:latest"
COMMANDS = STORIES / "cli"
OURS = (str(Path(sys.prefix) / "bin" / "boxship"),)
# What dockerd 26 speaks: later versions of the API answer otherwise, as they are meant to.
API_VERSION = "1.45"


@dataclass(frozen=True)
class Story:
    """Shell lines that share a fresh working directory and a daemon that holds the image
    ``busybox`` and no container. What they leave in the daemon is removed afterwards."""

    name: str
    lines: tuple[str, ...]


def read_stories(directory: Path = STORIES) -> list[Story]:
    """The stories in ``*.story``: ``== name``, then a shell line a line; ``#`` comments."""
    found: dict[str, list[str]] = {}
    for path in sorted(directory.glob("*.story")):
        name = ""
        for line in filter(None, map(str.strip, path.read_text().splitlines())):
            if line.startswith("== "):
                name = line[3:]
                assert name not in found, f"two stories are called {name}"
                found[name] = []
            elif not line.startswith("#"):
                found[name].append(line)
    return [Story(name, tuple(lines)) for name, lines in found.items()]


@dataclass(frozen=True)
class Answer:
    """What a line gave: normalised output, and its exit code."""

    line: str
    code: int
    stdout: str
    stderr: str

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def _environment(host: str, directory: Path, client: Sequence[str]) -> dict[str, str]:
    """The client's surroundings, the same whoever runs the walk. *client* is what ``docker`` runs;
    empty for Docker's own."""
    programs = str(TOOLS)
    if client:
        programs += f":{directory}/.bin"
        stand_in = directory / ".bin" / "docker"
        stand_in.parent.mkdir()
        stand_in.write_text(f'#!/bin/sh\nexec {shlex.join(client)} "$@"\n')
        stand_in.chmod(0o755)
    version = {"DOCKER_API_VERSION": API_VERSION} if client else {}
    return {
        **version,
        # Whichever plugins this machine has: the docker CLI shall answer by itself.
        "DOCKER_BUILDKIT": "0",
        "DOCKER_CONFIG": str(directory / ".docker"),
        "DOCKER_HOST": host,
        "HOME": str(directory),
        "LC_ALL": "C.UTF-8",
        "PATH": f"{programs}:{os.environ['PATH']}",
        "TZ": "UTC",
    }


def _run(line: str, environment: dict[str, str], directory: Path) -> tuple[int, str, str]:
    """Exit code and output of *line*; 124 when it takes too long. Output goes through files so
    that a process that the line leaves behind cannot hold the reader."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            ["bash", "-c", line],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            code = process.wait(LINE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            code = 124
        out.seek(0)
        err.seek(0)
        return code, out.read().decode("latin-1"), err.read().decode("latin-1")


def play(
    story: Story,
    host: str,
    replaced: Iterable[tuple[str, str]] = (),
    client: Sequence[str] = (),
) -> list[Answer]:
    """Run *story* against the engine at *host*. *replaced*: literal texts and their stand-ins.
    *client* is run in place of the docker CLI."""
    directory = Path(tempfile.mkdtemp(prefix="walk-", dir="/tmp"))
    environment = _environment(host, directory, client)
    literals = [(str(directory), "<DIR>"), *replaced]
    answers = []
    try:
        for line in story.lines:
            code, out, err = _run(line, environment, directory)
            out, err = normal.text(out, literals), normal.text(err, literals)
            if client:
                out, err = normal.as_docker(out), normal.as_docker(err)
            answers.append(Answer(line, code, out, err))
    finally:
        _clear(environment, directory)
        shutil.rmtree(directory, ignore_errors=True)
    return answers


def _clear(environment: dict[str, str], directory: Path) -> None:
    """Leave the daemon with no container, no volume, no network of its own and one image."""
    keep = (
        "docker images --format '{{.Repository}}:{{.Tag}} {{.ID}}'"
        f" | grep -v '^{KEPT_IMAGE} '"
    )
    for line in (
        "docker ps -aq | xargs -r docker unpause 2>/dev/null",
        "docker ps -aq | xargs -r docker rm -f",
        f"{keep} | while read -r ref id; do case $ref in *'<none>'*) docker rmi -f $id;;"
        " *) docker rmi -f $ref;; esac; done",
        "docker volume prune -af",
        "docker network prune -f",
    ):
        _run(line, environment, directory)
