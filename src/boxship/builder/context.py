"""The files that a build may use, and what is left out of them."""

import asyncio
import posixpath
from dataclasses import dataclass, field

from boxship.base.errors import InvalidParameter
from boxship.builder.dockerfile.ignore import Ignored, read_patterns
from boxship.builder.machine import Place, Tree, WorkRunner

EMPTY: Tree = {"layers": [], "upper": None, "work": None, "volatile": False}
_IGNORE_FILE = ".dockerignore"
_MAX_FILE = 2 << 20


@dataclass(slots=True)
class Context:
    """*tree* holds the files below *directory* in it; *ignored* are what no COPY sees; *others* are
    places of further contexts by name; *lasting* and *state* as :class:`Place` has them."""

    tree: Tree
    ignored: Ignored
    directory: str = ""
    others: dict[str, Place] = field(default_factory=dict)
    lasting: str = ""
    state: str = ""

    @property
    def place(self) -> Place:
        return Place(
            self.tree,
            self.directory,
            ignored=self.ignored,
            lasting=self.lasting,
            state=self.state,
        )


async def read_files(workers: WorkRunner, tree: Tree, paths: list[str]) -> dict[str, str]:
    """The content of those *paths* that are regular files in *tree*."""
    arguments = {"paths": paths, "limit": _MAX_FILE}
    answer = await workers.run("build_read", arguments, sources=[tree])
    return {path: text for path, text in answer["files"].items() if text is not None}


async def open_context(
    workers: WorkRunner, tree: Tree, dockerfile: str, directory: str = ""
) -> tuple[Context, str | None]:
    """The context in *tree*, and the text of its Dockerfile, None where there is none.

    :class:`InvalidParameter` for a path that leads out, or an ignore file that makes no sense.
    """
    path = posixpath.normpath(posixpath.join("/", dockerfile)).lstrip("/")
    if posixpath.normpath(dockerfile).startswith("../"):
        raise InvalidParameter(
            f"forbidden path outside the build context: {dockerfile} ({dockerfile})"
        )
    own = f"{path}.dockerignore"
    names = [posixpath.join(directory, name) for name in (path, _IGNORE_FILE, own)]
    if path == "Dockerfile":
        names.append(posixpath.join(directory, "dockerfile"))
    files = await read_files(workers, tree, names)
    ignore = files.get(names[2], files.get(names[1], ""))
    text = files.get(names[0])
    if text is None and len(names) > 3:
        text = files.get(names[3])
    return Context(tree, await understood(ignore), directory), text


async def understood(ignore: str) -> Ignored:
    """What the text of an ignore file leaves out."""
    if not ignore:
        return Ignored([])
    return await asyncio.to_thread(lambda: Ignored(read_patterns(ignore)))
