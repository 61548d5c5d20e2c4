"""ADD: as COPY, and also URLs, git repositories and archives that become trees."""

import re
from dataclasses import dataclass
from typing import ClassVar

from boxship.builder.dockerfile.flags import FlagSet
from boxship.builder.dockerfile.lines import Line
from boxship.builder.git_address import is_git
from boxship.builder.instructions import instruction
from boxship.builder.instructions.copy import Arguments, absolute, is_url, note, owner_of, written
from boxship.builder.stage import Effect, Stage
from boxship.builder.work import Action, Copy, Files, Origin

_FLAGS = {
    "chown": "text",
    "chmod": "text",
    "link": "bool",
    "checksum": "text",
    "keep-git-dir": "bool",
    "unpack": "bool",
    "exclude": "list",
}
_DIGEST = re.compile(r"sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})\Z")


@dataclass(frozen=True, slots=True)
class Add:
    KEYWORD: ClassVar[str] = "ADD"
    line: Line
    arguments: Arguments
    flags: FlagSet

    @classmethod
    def parse(cls, line: Line) -> "Add":
        found = instruction.flags(line, _FLAGS)
        return cls(line, Arguments.of(line), found)

    def apply(self, stage: Stage) -> Effect:
        expand = stage.expander(self.line)
        target = absolute(stage, expand(self.arguments.target))
        sources = [expand(word) for word in self.arguments.sources]
        owner = owner_of(stage, self.line, self.flags)
        excludes = tuple(expand(text) for text in self.flags.all("exclude"))
        local = tuple(word for word in sources if not (is_git(word) or is_url(word)))
        actions: list[Action] = []
        for word in sources:
            if word not in local:
                origin = self._remote(stage, word, len(sources))
                unpack = origin.kind == "url" and self.flags.on("unpack")
                actions.append(Copy(origin, ("/",), target, owner, False, excludes, unpack))
        if local:
            if self.flags.text("checksum"):
                raise self.line.fail("checksum requires HTTP(S) or Git sources", "--checksum")
            unpack = self.flags.single.get("unpack", "true") == "true"
            copy = Copy(stage.context, local, target, owner, False, excludes, unpack)
            actions.append(copy)
        actions += written(stage, self.line, self.arguments.documents, target, owner)
        told = note(stage, self.line, self.arguments, owner)
        return Effect(told, Files(tuple(actions), self.flags.on("link")))

    def _remote(self, stage: Stage, word: str, count: int) -> Origin:
        checksum = stage.expand(self.line, self.flags.text("checksum"))
        if is_git(word):
            return Origin("git", word, checksum, self.flags.on("keep-git-dir"))
        if checksum and not _DIGEST.match(checksum):
            raise self.line.fail(f"invalid checksum digest format: {checksum}", "--checksum")
        if checksum and count > 1:
            raise self.line.fail("checksum can't be specified for multiple sources", "--checksum")
        return Origin("url", word, checksum)
