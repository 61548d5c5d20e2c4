"""The table of published escapes names tests that exist."""

import re

from support import sources

ROW = re.compile(r"(?m)^\| (CVE-\d{4}-\d+) \| [^|]+ \| ([^|]+) \| ([^|]*)\|$")
TEST = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def test_each_escape_that_concerns_us_names_tests_that_exist() -> None:
    text = (sources.ROOT / "docs" / "SECURITY.md").read_text()
    rows = ROW.findall(text)
    assert len(rows) == text.count("\n| CVE-") > 30
    files = {path.name: path for path in sources.tracked("tests/*test_*.py")}
    wrong = []
    for number, concerns, cell in rows:
        tests = TEST.findall(cell)
        if concerns.startswith("yes") and not tests:
            wrong.append(f"{number}: no test")
        for file, name in tests:
            if file not in files or name not in {f.name for f in sources.functions(files[file])}:
                wrong.append(f"{number}: {file}::{name}")
    assert wrong == []
