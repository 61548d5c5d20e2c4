"""Python's regular expressions backtrack, so none is made from what a stranger wrote.

Expressions of API clients belong to :mod:`boxship.base.go_regexp`. A module that builds expressions
in a loop or from parameters is named here, with the reason why its expressions are harmless.
"""

import ast
from collections.abc import Iterator

from support import sources

TAKES_A_PATTERN = frozenset(
    ("compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")
)
BUILT = {
    # Routes are written by us.
    "src/boxship/api/router.py",
    "src/boxship/hub/routes.py",
    # Globs, with everything literal escaped and an atomic group for each piece between stars.
    "src/boxship/builder/dockerfile/ignore.py",
    "src/boxship/images/patterns.py",
    "src/boxship/sandbox/workers/build_sources.py",
    # Pieces without repetition.
    "src/boxship/builder/dockerfile/shell_pattern.py",
    # At most eight stars and 512 characters.
    "src/boxship/builder/usage.py",
    # Globs of our own, over names of this machine.
    "src/boxship/capture/machine.py",
}


def test_only_known_modules_build_expressions() -> None:
    building = {
        sources.name_of(path)
        for path in sources.tracked("src/boxship/*.py")
        if any(_calls_with_built_patterns(ast.parse(path.read_text())))
    }
    assert building == BUILT


def test_a_built_expression_is_noticed() -> None:
    for text in ("re.search(pattern, x)", "re.compile(f'{a}b')", "fnmatch.filter(names, part)"):
        assert any(_calls_with_built_patterns(ast.parse(text)))
    for text in ("re.compile('a' + _TAG)", "re.sub(rf'a{_B}', '', x)", "other.search(pattern)"):
        assert not any(_calls_with_built_patterns(ast.parse(text)))


def _calls_with_built_patterns(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        module = node.func.value
        if not isinstance(module, ast.Name):
            continue
        is_expression = module.id == "re" and node.func.attr in TAKES_A_PATTERN
        if module.id == "fnmatch" or (is_expression and not _is_constant(node.args[0])):
            yield node.lineno


def _is_constant(node: ast.expr) -> bool:
    """Return whether a pattern consists of literals and module constants."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name):
        return node.id.lstrip("_").isupper()
    if isinstance(node, ast.BinOp):
        return _is_constant(node.left) and _is_constant(node.right)
    if isinstance(node, ast.JoinedStr):
        return all(map(_is_constant, node.values))
    return isinstance(node, ast.FormattedValue) and _is_constant(node.value)
