"""A step's line in the history: each of Docker's builders has words of its own for it."""

from dataclasses import dataclass, replace

# What BuildKit says beside each of its lines.
BUILDKIT = "buildkit.dockerfile.v0"
# Stands in a line of the classic builder for the digest of what was copied, which is known later.
CONTENT = "\ufffc"


@dataclass(frozen=True, slots=True)
class Note:
    """*classic* as the classic builder has it, which is also what the cache calls the step;
    *buildkit* as BuildKit has it, empty where that has none. *is_vague*: the latter does not say
    all that the step depends on; *classic_is_vague*: the former."""

    classic: str
    buildkit: str
    is_vague: bool = False
    classic_is_vague: bool = False

    def about(self, content: str) -> "Note":
        """The same, with the digest of what was copied."""
        return replace(self, classic=self.classic.replace(CONTENT, content))

    def is_told_by(self, text: str, comment: str) -> bool:
        """Whether a line of a history is this one."""
        return text == self.classic or (text == self.buildkit and comment == BUILDKIT)

    def says_all(self, text: str) -> bool:
        """Whether *text*, which is one of both, leaves nothing open."""
        return not (self.classic_is_vague if text == self.classic else self.is_vague)
