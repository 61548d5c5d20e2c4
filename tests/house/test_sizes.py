"""Small files, small functions: what does not fit in a head does not fit in the project."""

from support import sources

FILE_LINES = 400
FUNCTION_LINES = 60


def test_files_are_short() -> None:
    sizes = {path: path.read_text().count("\n") for path in sources.tracked("*.py")}
    long = [f"{sources.name_of(p)}: {size}" for p, size in sizes.items() if size > FILE_LINES]
    assert sizes and long == []


def test_functions_are_short() -> None:
    long = [
        f"{sources.name_of(path)}:{node.lineno} {node.name}"
        for path in sources.tracked("*.py")
        for node in sources.functions(path)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []
