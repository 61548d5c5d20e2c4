"""Parser directives: ``# syntax=…``, ``# escape=…`` and ``# check=…`` on top of a file."""

import re

from boxship.builder.dockerfile.errors import DockerfileError

KNOWN = ("syntax", "escape", "check")
DEFAULT_ESCAPE = "\\"
_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*\Z")


class Directives:
    """Takes lines until one is no directive; ``values`` by lower-case name."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self._done = False

    @property
    def escape(self) -> str:
        return self.values.get("escape", DEFAULT_ESCAPE)

    def take(self, line: str, number: int) -> None:
        """Look at the next *line*; :class:`DockerfileError` for a second or unusable one."""
        if self._done:
            return
        match = _DIRECTIVE.match(line)
        if match is None:
            self._done = True
            return
        name, value = match[1].lower(), match[2]
        if name not in KNOWN:
            # An ordinary comment, behind which there are no more of them.
            self._done = True
            return
        if name in self.values:
            raise DockerfileError(f"only one {name} parser directive can be used", number, match[1])
        if name == "escape" and value not in ("\\", "`"):
            message = f"invalid escape token '{value}' does not match ` or \\"
            raise DockerfileError(message, number, value)
        self.values[name] = value
