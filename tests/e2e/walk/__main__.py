"""Record dockerd's answers, or compare an engine with them.

python -m e2e.walk record [STORY...]            dockerd, started privately
python -m e2e.walk record --commands [STORY...] the stories that compare command lines
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
from dataclasses import dataclass
from pathlib import Path

from e2e.walk import answers
from e2e.walk.story import COMMANDS, OURS, Answer, Story, read_stories
from support import engines


@dataclass(frozen=True)
class Book:
    """Stories, and the file with dockerd's answers to them."""

    stories: list[Story]
    path: Path

    def chosen(self, patterns: Iterable[str]) -> list[Story]:
        globs = list(patterns) or ["*"]
        return [s for s in self.stories if any(fnmatch.fnmatchcase(s.name, glob) for glob in globs)]


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


def _record(book: Book, stories: list[Story]) -> int:
    with engines.running("dockerd") as engine:
        told = _tell_all(stories, engine.host, engine.root)
    known = answers.read(book.path)[1] if book.path.exists() else {}
    known.update(told)
    found = {story.name: known[story.name] for story in book.stories if story.name in known}
    answers.write(found, book.path)
    return 0


def _report(
    book: Book, told: dict[str, list[Answer]], output: Path | None, *, commands: bool
) -> int:
    recorded = answers.read(book.path)[1]
    blocks = [
        block
        for name, given in told.items()
        for block in answers.differences(name, recorded[name], given, commands=commands)
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
    parser.add_argument("--commands", action="store_true", help="the stories in stories/cli")
    parser.add_argument("--host", help="compare this engine instead of a private Boxship")
    parser.add_argument("--output", type=Path, help="write the differences to this file, too")
    options = parser.parse_intermixed_args()
    book = Book(read_stories(), answers.PATH)
    if options.commands:
        book = Book(read_stories(COMMANDS), answers.COMMANDS_PATH)
    stories = book.chosen(options.stories)
    if options.action == "record":
        return _record(book, stories)
    client = OURS if options.action == "client" else ()
    if options.host:
        told = _tell_all(stories, options.host, Path("/nonexistent"), client)
        return _report(book, told, options.output, commands=bool(client))
    with engines.running("dockerd" if options.action == "steady" else "boxship") as engine:
        told = _tell_all(stories, engine.host, engine.root, client)
    return _report(book, told, options.output, commands=bool(client))


sys.exit(main())
