"""The project's own files, for tests that read them."""

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "boxship"

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def tracked(*patterns: str) -> list[Path]:
    """Files under version control that match the git pathspecs *patterns* (all by default)."""
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z", "--", *patterns]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    paths = (ROOT / name for name in output.split("\0") if name)
    return sorted(path for path in paths if path.is_file())


@functools.cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(), str(path))


def functions(path: Path) -> Iterator[FunctionNode]:
    """Every function of *path*, methods and nested ones included."""
    for node in ast.walk(tree(path)):
        if isinstance(node, FunctionNode):
            yield node


def name_of(path: Path) -> str:
    """*path* as a reader of a failure wants it."""
    return str(path.relative_to(ROOT))
