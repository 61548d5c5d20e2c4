"""A step's line in the history: each of Docker's builders has words of its own for it."""

from dataclasses import dataclass

# What BuildKit says beside each of its lines.
BUILDKIT = "buildkit.dockerfile.v0"
# Stands in a line of the classic builder for the digest of what was copied, which is known later.
CONTENT = "\ufffc"


@dataclass(frozen=True, slots=True)
class Note:
    """*classic* as the classic builder has it, which is also what the cache calls the step;
    *buildkit* as BuildKit has it, empty where that has none. *is_vague*: the latter does not say
    all that the step depends on."""

    classic: str
    buildkit: str
    is_vague: bool = False

    def about(self, content: str) -> "Note":
        """The same, with the digest of what was copied."""
        return Note(self.classic.replace(CONTENT, content), self.buildkit, self.is_vague)

    def is_told_by(self, text: str, comment: str) -> bool:
        """Whether a line of a history is this one."""
        return text == self.classic or (text == self.buildkit and comment == BUILDKIT)
