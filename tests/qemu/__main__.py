"""Run tests on Debian's cloud kernel, with cgroup v2 alone, under qemu's software emulation.

PYTHONPATH=tests python -m qemu [PYTEST ARGUMENT...]     (what ``make test-v2`` does)
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from qemu import machine, report, system

SECONDS = 2700.0
# What depends on the kernel; the rest would be slow here and prove nothing new.
TESTS = (
    "tests/v2",
    "tests/contract",
    "tests/kernel/test_caps_process.py",
    "tests/kernel/test_escapes_paths.py",
    "tests/kernel/test_escapes_processes.py",
    "tests/kernel/test_isolation_mounts.py",
    "tests/kernel/test_isolation_namespaces.py",
    "tests/kernel/test_isolation_privileges.py",
    "tests/kernel/test_seccomp_install.py",
    "tests/fault/test_adoption.py",
    "tests/fault/test_killed_shims.py",
)
# Emulation is slow: these repeat one thing too often, and no test's limit must be what fails it.
LEFT_OUT = "not thousand and not each_step"
OPTIONS = ("-vv", "-k", LEFT_OUT, "-rs", "--tb=short", "--timeout=300")


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
