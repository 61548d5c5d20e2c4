"""Where Boxship answers otherwise than dockerd 26, on purpose: two tables, each row with a reason.

``HIDDEN`` rows hide what a pattern matches, in the answers of both engines. ``OTHERWISE`` rows name
a line whose answer differs as a whole, and say what Boxship answers. All else must be equal.
"""

import fnmatch
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Hidden:
    """*pattern* is a multi-line regular expression; *stories* a glob of story names."""

    stories: str
    pattern: str
    reason: str
    stand_in: str = ""


@dataclass(frozen=True)
class Otherwise:
    """The line *line* ends with *code* and prints what the expression *output* finds."""

    line: str
    code: int
    output: str
    reason: str


HIDDEN: tuple[Hidden, ...] = (
    Hidden(
        "*",
        r"(?m)^\[0\]\.GraphDriver\..*\n",
        "layers are never unpacked: there are no directories of a graph driver to show",
    ),
)

OTHERWISE: tuple[Otherwise, ...] = (
    Otherwise(
        "skopeo copy -q docker-archive:image.tar oci:layout:mine"
        " && tar -C layout -cf layout.tar . && docker load -i layout.tar",
        0,
        r"Loaded image",
        "dockerd loads OCI layouts only with its containerd image store; Boxship always does",
    ),
)


def hide(story: str, output: str) -> str:
    """*output* of a line of *story* without the accepted differences."""
    for row in HIDDEN:
        if fnmatch.fnmatchcase(story, row.stories):
            output = re.sub(row.pattern, row.stand_in, output)
    return output


def otherwise(line: str) -> Otherwise | None:
    """The row for *line*, if its whole answer may differ."""
    return next((row for row in OTHERWISE if row.line == line), None)
