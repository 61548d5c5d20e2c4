"""COPY: files of the context, of another stage or of an image, and ADD's common ground with it."""

import posixpath
import re
from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.expand import Lexer
from boxship.builder.dockerfile.flags import FlagSet
from boxship.builder.dockerfile.heredoc import Heredoc, parse_word
from boxship.builder.dockerfile.lines import Line
from boxship.builder.git_address import is_git
from boxship.builder.instructions import instruction
from boxship.builder.note import CONTENT, Note
from boxship.builder.stage import Effect, Stage
from boxship.builder.work import Action, Copy, Files, Owner, Write

_FLAGS = {
    "from": "text",
    "chown": "text",
    "chmod": "text",
    "link": "bool",
    "parents": "bool",
    "exclude": "list",
}
_URL = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Arguments:
    """Sources and target of COPY and ADD, quotes and variables in place."""

    sources: tuple[str, ...]
    target: str
    documents: tuple[Heredoc, ...]

    @classmethod
    def of(cls, line: Line) -> "Arguments":
        words = instruction.words_or_json(line)
        if len(words) < 2:
            message = (
                f"{line.keyword} requires at least two arguments, but only one was provided. "
                "Destination could not be determined"
            )
            raise line.fail(message, line.rest)
        *sources, target = words
        documents = line.heredocs if instruction.json_list(line) is None else ()
        if parse_word(target, line.escape) is not None and documents:
            message = f"{line.keyword} cannot accept a heredoc as a destination"
            raise line.fail(message, target)
        kept = [word for word in sources if not (documents and parse_word(word, line.escape))]
        return cls(tuple(kept), target, documents)


@dataclass(frozen=True, slots=True)
class CopyInstruction:
    KEYWORD: ClassVar[str] = "COPY"
    line: Line
    arguments: Arguments
    flags: FlagSet

    @classmethod
    def parse(cls, line: Line) -> "CopyInstruction":
        found = instruction.flags(line, _FLAGS)
        if "$" in found.text("from"):
            message = (
                "variable expansion is not supported for --from, define a new stage with FROM "
                "using ARG from global scope as a workaround"
            )
            raise line.fail(message, found.text("from"))
        return cls(line, Arguments.of(line), found)

    @property
    def origin_name(self) -> str:
        """The value of ``--from``."""
        return self.flags.text("from")

    def apply(self, stage: Stage) -> Effect:
        expand = stage.expander(self.line)
        target = absolute(stage, expand(self.arguments.target))
        sources = tuple(expand(word) for word in self.arguments.sources)
        owner = owner_of(stage, self.line, self.flags)
        origin = stage.find(self.origin_name) if self.origin_name else stage.context
        actions: list[Action] = []
        for word in sources:
            if is_git(word) or is_url(word):
                kind = "git ref" if is_git(word) else "URL"
                raise self.line.fail(f"source can't be a {kind} for COPY", word)
        if sources:
            excludes = tuple(expand(text) for text in self.flags.all("exclude"))
            parents = self.flags.on("parents")
            actions.append(Copy(origin, sources, target, owner, parents, excludes))
        actions += written(stage, self.line, self.arguments.documents, target, owner)
        told = note(stage, self.line, self.arguments, owner)
        return Effect(told, Files(tuple(actions), self.flags.on("link")))


def is_url(word: str) -> bool:
    return _URL.match(word) is not None


def absolute(stage: Stage, target: str) -> str:
    """*target* below the working directory; a final slash or dot says that a directory is meant."""
    is_directory = target.endswith("/") or posixpath.basename(target) in (".", "..")
    path = posixpath.normpath(posixpath.join("/", stage.directory, target))
    path = "/" + path.lstrip("/")
    return path + "/" if is_directory and path != "/" else path


def owner_of(stage: Stage, line: Line, flags: FlagSet) -> Owner:
    return Owner(stage.expand(line, flags.text("chown")), stage.expand(line, flags.text("chmod")))


def note(stage: Stage, line: Line, arguments: Arguments, owner: Owner) -> Note:
    """What COPY and ADD say in the history."""
    expand = stage.expander(line)
    target = expand(arguments.target)
    whose = f"--chown={owner.chown} " if owner.chown else ""
    classic = stage.classic_words(f"{line.keyword} {whose}{CONTENT} in {target} ")
    flags = (("chown", owner.chown), ("chmod", owner.chmod))
    words = [
        line.keyword,
        *(f"--{name}={value}" for name, value in flags if value),
        *map(expand, arguments.sources),
        *(f"<<{each.name}" for each in arguments.documents),
        target,
    ]
    buildkit = " ".join([*words, "# buildkit"])
    return Note(classic, buildkit, is_vague=True)


def written(
    stage: Stage, line: Line, documents: tuple[Heredoc, ...], target: str, owner: Owner
) -> list[Action]:
    """Here-documents as files."""
    budget = stage.arguments.budget
    lexer = Lexer("\\", budget=budget)
    found: list[Action] = []
    for each in documents:
        content = each.content
        if each.expand:
            content = expand_text(lexer, content, stage.variables())
        found.append(Write(each.name, content, target, owner))
    return found


def expand_text(lexer: Lexer, text: str, variables: dict[str, str]) -> str:
    """Variables in a here-document; its quotes are ordinary characters (sh(1), here-documents)."""
    quotes = {"'": "\ue000", '"': "\ue001"}
    for quote, stand_in in quotes.items():
        text = text.replace(quote, stand_in)
    text = lexer.word(text, variables)
    for quote, stand_in in quotes.items():
        text = text.replace(stand_in, quote)
    return text
