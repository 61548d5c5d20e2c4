"""How long whole command lines take: ``boxship`` on Boxship beside ``docker`` on dockerd."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.executing import with_many
from benchmarks.figure import Figure, median
from support.engines import Engine

_PROGRAMS = {"dockerd": "docker", "boxship": str(Path(sys.prefix) / "bin" / "boxship")}


def _command(engine: Engine, *words: str) -> None:
    """Run the engine's own command line."""
    environment = {**os.environ, "DOCKER_HOST": engine.host, "DOCKER_CONFIG": str(engine.root)}
    subprocess.run(
        [_PROGRAMS[engine.name], *words],
        env=environment,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def version(engine: Engine) -> float:
    return median(lambda: _command(engine, "version"), times=40)


def list_many(engine: Engine) -> float:
    """``ps -a`` of two hundred containers."""
    ids = with_many(engine)
    try:
        return median(lambda: _command(engine, "ps", "-a"), times=40)
    finally:
        engine.docker("rm", "-f", *ids, timeout=300)


def run(engine: Engine) -> float:
    return median(lambda: _command(engine, "run", "--rm", "busybox", "true"), times=15)


FIGURES = [
    Figure("own CLI: version", version, 1.5),
    Figure("own CLI: ps of 200", list_many, 2.0),
    Figure("own CLI: run --rm", run, 0.3),
]
