"""Code that runs after fork: nothing is imported late, and nothing heavy is imported at all.

An import from inside a container's root would run the image's file as the host's root.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from support import sources

HEAVY = ("asyncio", "threading", "sqlite3", "subprocess", "logging")
PACKAGES = ("sandbox", "kernel")
FILES = sources.tracked(*(f"src/boxship/{package}/*.py" for package in PACKAGES))


def _late_imports(path: Path) -> list[int]:
    return [
        node.lineno
        for function in sources.functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def test_forked_code_imports_nothing_inside_functions() -> None:
    late = {sources.name_of(path): lines for path in FILES if (lines := _late_imports(path))}
    assert FILES and late == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_forked_code_loads_nothing_heavy(package: str) -> None:
    """Directly or through anything else, in a fresh interpreter without site packages' hooks."""
    script = (
        "import importlib, pkgutil, sys\n"
        "before = set(sys.modules)\n"
        f"package = importlib.import_module('boxship.{package}')\n"
        "for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "    if not module.name.endswith('__main__'):\n"
        "        importlib.import_module(module.name)\n"
        f"print(*sorted((set(sys.modules) - before) & set({HEAVY!r})))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
