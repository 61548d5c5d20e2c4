"""The docker CLI against Boxship must answer as it does against dockerd, line by line."""

import pytest

from e2e.walk import answers
from e2e.walk.accepted import OTHERWISE
from e2e.walk.story import Answer, Story, read_stories
from support.engines import Engine
from support.requirements import require_tool

STORIES = read_stories()


@pytest.fixture(scope="session")
def recorded(request: pytest.FixtureRequest) -> dict[str, list[Answer]]:
    """dockerd's answers: the recording, or, where the machine is another, told live."""
    surroundings, told = answers.read()
    if surroundings == answers.surroundings():
        return told
    oracle: Engine = request.getfixturevalue("dockerd")
    return {s.name: answers.tell(s, oracle.host, oracle.root) for s in STORIES}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_boxship_answers_like_dockerd(
    story: Story, emptied_boxship: Engine, recorded: dict[str, list[Answer]]
) -> None:
    require_tool("script", "skopeo", "xz", "bzip2", "zstd")
    given = answers.tell(story, emptied_boxship.host, emptied_boxship.root)
    blocks = answers.differences(story.name, recorded[story.name], given)
    assert not blocks, "\n\n".join(blocks)


def test_recording_matches_the_stories() -> None:
    """A changed story without a new recording would compare nothing."""
    recording = {name: [a.line for a in told] for name, told in answers.read()[1].items()}
    assert recording == {story.name: list(story.lines) for story in STORIES}


def test_accepted_lines_exist() -> None:
    """A row for a line that no story has explains nothing."""
    lines = {line for story in STORIES for line in story.lines}
    assert [row.line for row in OTHERWISE if row.line not in lines] == []
