"""How long a container takes to print a million lines, and a client to read them back."""

import os
import subprocess

from benchmarks.figure import Figure, seconds
from support.engines import Engine

LINES = 1_000_000
_NAME = "bench-log"


def _print(engine: Engine) -> None:
    # Boxship rotates by default; what is measured here is a log that keeps everything.
    run = ("run", "-d", "--network", "none", "--name", _NAME, "--log-opt", "max-size=1g")
    engine.docker(*run, "busybox", "seq", str(LINES))
    engine.docker("wait", _NAME, timeout=120)


def _read(engine: Engine) -> None:
    """``docker logs`` into a counter; fails if a line is lost."""
    environment = {**os.environ, "DOCKER_HOST": engine.host}
    done = subprocess.run(
        ["sh", "-c", f"docker logs {_NAME} | wc -l"],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert int(done.stdout) == LINES, f"{LINES - int(done.stdout)} lines lost"


def write(engine: Engine) -> float:
    try:
        return seconds(lambda: _print(engine))
    finally:
        engine.docker("rm", "-f", _NAME)


def read(engine: Engine) -> float:
    try:
        _print(engine)
        return min(seconds(lambda: _read(engine)) for _ in range(2))
    finally:
        engine.docker("rm", "-f", _NAME)


FIGURES = [
    Figure("a million log lines: write", write, 0.4),
    Figure("a million log lines: read", read, 0.2),
]
