"""A JUnit report as text, and whether it is a good one."""

import xml.etree.ElementTree as ET
from pathlib import Path

# What a machine with only cgroup v2 cannot run is expected not to.
EXPECTED_SKIPS = ("kernel:",)


def judge(path: Path) -> tuple[bool, str]:
    """(all is well, summary). Bad: no tests, failures, or skips for lack of something."""
    text = path.read_text(errors="replace")
    if not text.strip():
        return False, "the machine ended without a report"
    cases = list(ET.fromstring(text).iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None]
    failed += [case for case in cases if case.find("error") is not None]
    skipped = [case for case in cases if case.find("skipped") is not None]
    missing = [case for case in skipped if not _is_expected(case)]
    lines = [f"FAILED {_name(case)}" for case in failed]
    lines += [f"SKIPPED {_name(case)}: {_reason(case)}" for case in missing]
    passed = len(cases) - len(failed) - len(skipped)
    lines.append(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return passed > 0 and not failed and not missing, "\n".join(lines)


def _name(case: ET.Element) -> str:
    return f"{case.get('classname')}::{case.get('name')}"


def _reason(case: ET.Element) -> str:
    found = case.find("skipped")
    return "" if found is None else found.get("message", "")


def _is_expected(case: ET.Element) -> bool:
    return any(mark in _reason(case) for mark in EXPECTED_SKIPS)
