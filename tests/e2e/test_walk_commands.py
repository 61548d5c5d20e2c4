"""``boxship`` on Boxship must answer as ``docker`` does on dockerd to the same arguments.

The stories in ``walk/stories/cli`` name every command; the others hold much that depends on the
command line as well, and those of ``ALSO`` are walked a second time with ours.
"""

import re

import pytest

from boxship.cli import table
from e2e.walk import accepted_commands, answers
from e2e.walk.story import COMMANDS, OURS, Answer, Story, read_stories
from support.engines import Engine
from support.requirements import require_tool

STORIES = read_stories(COMMANDS)
ALSO = (
    "cp-in",
    "cp-out",
    "image-list",
    "image-names",
    "image-remove",
    "ps",
    "inspect-container",
    "prefixes",
    "system",
    "conflicts",
    "missing-programs",
    "run-files",
    "mount-syntax",
    "volume-commands",
)
# What Docker's client has not, and what programs call.
OURS_ALONE = {"capture", "completion", "daemon", "doctor", "hub", "system install-service"}
OURS_ALONE |= {"system reset", "system restart", "system stop", "system dial-stdio", "__complete"}
# Compared with another builder than dockerd's, in test_builds_beside_buildkit.
ELSEWHERE = {"build", "builder build", "buildx build", "image build"}
Recorded = dict[str, list[Answer]]


def _told(request: pytest.FixtureRequest, book: Recorded, stories: list[Story]) -> Recorded:
    """The recording, or, where the machine is another, dockerd's answers told live."""
    if answers.read(answers.COMMANDS_PATH)[0] == answers.surroundings():
        return book
    oracle: Engine = request.getfixturevalue("dockerd")
    return {s.name: answers.tell(s, oracle.host, oracle.root) for s in stories}


@pytest.fixture(scope="session")
def recorded(request: pytest.FixtureRequest) -> Recorded:
    require_tool("docker")
    return _told(request, answers.read(answers.COMMANDS_PATH)[1], STORIES)


@pytest.fixture(scope="session")
def recorded_of_engines(request: pytest.FixtureRequest) -> Recorded:
    require_tool("docker")
    return _told(request, answers.read()[1], ENGINES)


ENGINES = [story for story in read_stories() if story.name in ALSO]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_boxship_answers_like_docker(
    story: Story, emptied_boxship: Engine, recorded: Recorded
) -> None:
    _compare(story, emptied_boxship, recorded)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("story", ENGINES, ids=lambda story: story.name)
def test_boxship_answers_like_docker_to_what_engines_are_asked(
    story: Story, emptied_boxship: Engine, recorded_of_engines: Recorded
) -> None:
    _compare(story, emptied_boxship, recorded_of_engines)


def _compare(story: Story, daemon: Engine, recorded: Recorded) -> None:
    given = answers.tell(story, daemon.host, daemon.root, OURS)
    blocks = answers.differences(story.name, recorded[story.name], given, commands=True)
    assert not blocks, "\n\n".join(blocks)


def test_recording_matches_the_stories() -> None:
    """A changed story without a new recording would compare nothing."""
    told = answers.read(answers.COMMANDS_PATH)[1]
    recording = {name: [a.line for a in lines] for name, lines in told.items()}
    assert recording == {story.name: list(story.lines) for story in STORIES}


def test_every_spelling_of_every_command_is_walked() -> None:
    text = "\n".join(line for story in STORIES for line in story.lines)
    spellings = {name for _, _, names in table.ROWS for name in names}
    spellings -= OURS_ALONE | ELSEWHERE
    walked = {name for name in spellings if re.search(rf"\bdocker {re.escape(name)}\b", text)}
    assert spellings - walked == set()


def test_accepted_lines_exist() -> None:
    """A row for a line that no story has explains nothing."""
    lines = {line for story in (*STORIES, *ENGINES) for line in story.lines}
    assert [row.line for row in accepted_commands.OTHERWISE if row.line not in lines] == []
