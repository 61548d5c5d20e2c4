"""Record dockerd's answers, or compare an engine with them.

python -m e2e.walk record [STORY...]            dockerd, started privately
python -m e2e.walk compare [STORY...]           Boxship, started privately
python -m e2e.walk client [STORY...]            the same with our CLI in place of Docker's
python -m e2e.walk compare --host unix://... [STORY...]    an engine that runs already
python -m e2e.walk steady [STORY...]            dockerd against its own recording
"""

import argparse
import fnmatch
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from e2e.walk import answers
from e2e.walk.story import OURS, Answer, Story, read_stories
from support import engines


def _chosen(patterns: Iterable[str]) -> list[Story]:
    globs = list(patterns) or ["*"]
    return [s for s in read_stories() if any(fnmatch.fnmatchcase(s.name, glob) for glob in globs)]


def _tell_all(
    stories: Iterable[Story], host: str, root: Path, client: Sequence[str] = ()
) -> dict[str, list[Answer]]:
    told = {}
    for story in stories:
        start = time.monotonic()
        told[story.name] = answers.tell(story, host, root, client)
        took = time.monotonic() - start
        print(f"{story.name:28} {len(story.lines):3} lines {took:6.1f} s", file=sys.stderr)
    return told


def _record(stories: list[Story]) -> int:
    with engines.running("dockerd") as engine:
        told = _tell_all(stories, engine.host, engine.root)
    known = answers.read()[1] if answers.PATH.exists() else {}
    known.update(told)
    answers.write(
        {story.name: known[story.name] for story in read_stories() if story.name in known}
    )
    return 0


def _report(told: dict[str, list[Answer]], output: Path | None) -> int:
    recorded = answers.read()[1]
    blocks = [
        block
        for name, given in told.items()
        for block in answers.differences(name, recorded[name], given)
    ]
    lines = sum(map(len, told.values()))
    text = "\n\n".join([*blocks, f"{lines - len(blocks)} of {lines} lines agree"])
    print(text)
    if output:
        output.write_text(text + "\n")
    return 1 if blocks else 0


def main() -> int:
    """Run the command line; 1 if an engine differs from the recording."""
    parser = argparse.ArgumentParser(prog="e2e.walk")
    parser.add_argument("action", choices=["record", "compare", "client", "steady"])
    parser.add_argument("stories", nargs="*", help="names or globs; all by default")
    parser.add_argument("--host", help="compare this engine instead of a private Boxship")
    parser.add_argument("--output", type=Path, help="write the differences to this file, too")
    options = parser.parse_args()
    stories = _chosen(options.stories)
    if options.action == "record":
        return _record(stories)
    if options.host:
        return _report(_tell_all(stories, options.host, Path("/nonexistent")), options.output)
    kind = "dockerd" if options.action == "steady" else "boxship"
    client = OURS if options.action == "client" else ()
    with engines.running(kind) as engine:
        told = _tell_all(stories, engine.host, engine.root, client)
    return _report(told, options.output)


sys.exit(main())
