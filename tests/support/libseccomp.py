"""Debian's libseccomp, asked through the system's Python."""

import json
import subprocess
from pathlib import Path
from typing import Any

from support.requirements import lacking

_SCRIPT = Path(__file__).with_name("libseccomp_oracle.py")


def ask(request: Any, *arguments: str) -> Any:
    """The oracle script's answer to *request*; both are JSON."""
    done = subprocess.run(
        ["/usr/bin/python3", str(_SCRIPT), *arguments],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=60,
    )
    if "No module named 'seccomp'" in done.stderr:
        lacking("needs libseccomp for /usr/bin/python3 (package python3-seccomp)")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
