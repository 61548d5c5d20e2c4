"""Processes held up before they execute their program, so that a test can look at them."""

import contextlib
import subprocess
from collections.abc import Iterator

from support import inside
from support.waiting import eventually


@contextlib.contextmanager
def executions(parent: int, seconds: float) -> Iterator[None]:
    """Delay each execve(2) of the descendants that *parent* forks meanwhile (strace(1))."""
    delay = f"inject=execve:delay_enter={int(seconds * 1_000_000)}"
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(parent)]
    tracer = subprocess.Popen([*command, "-e", "trace=execve", "-e", delay])
    try:
        eventually(lambda: inside.status_of(parent)["TracerPid"] != "0")
        yield
    finally:
        tracer.terminate()
        tracer.wait()
