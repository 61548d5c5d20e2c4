"""Run tests on Debian's cloud kernel, with cgroup v2 alone, under qemu's software emulation.

PYTHONPATH=tests python -m qemu [PYTEST ARGUMENT...]     (what ``make test-v2`` does)
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from qemu import machine, report, system

SECONDS = 1200.0
TESTS = ("tests/v2", "tests/contract", "tests/kernel", "tests/fault/test_adoption.py")
# Emulation is slow: a test's limit must not be what fails it.
OPTIONS = ("-vv", "-rs", "--timeout=300")


def main() -> int:
    arguments = [*OPTIONS, *(sys.argv[1:] or TESTS)]
    built = system.get()
    with tempfile.TemporaryDirectory(prefix="boxship-qemu-") as work:
        try:
            path = machine.run(built, Path(work), arguments, SECONDS)
        except subprocess.TimeoutExpired:
            print(f"the machine did not end within {SECONDS:.0f} s", file=sys.stderr)
            return 1
        good, summary = report.judge(path)
    print(summary)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
