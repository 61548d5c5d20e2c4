"""How long builds take: from nothing, found again, after a touched file, and beside each other.

Docker's command line drives both engines, by BuildKit's protocol where the engine speaks it and the
plugin for it is installed, else by the classic one. Rows ``build cli`` use our command line.
"""

import functools
import itertools
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import application
from benchmarks.figure import Figure, median, seconds
from support.engines import Engine

_FEW = 2_000
_MANY = 20_000
_IN_A_DIRECTORY = 100
_TAG = "bench-built"
_PLUGINS = ("/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins")
_FIVE_STEPS = """FROM busybox AS made
COPY . /src/
RUN cat /src/*/* | md5sum > /sum
FROM busybox
COPY --from=made /sum /sum
RUN [ -s /sum ]
CMD ["cat", "/sum"]
"""
_COPY = "FROM busybox\nCOPY . /src/\nRUN ls /src > /names\n"
_MIDDLE = 8
_WAIT = "RUN sleep 0.3; echo {0} > /made-{0}\n"


@functools.cache
def _context(count: int, dockerfile: str) -> "tempfile.TemporaryDirectory[str]":
    """A directory of *count* small files, the same for both engines; removed at the end."""
    holder = tempfile.TemporaryDirectory(prefix="bench-context-")
    root = Path(holder.name)
    chance = random.Random(count)
    (root / "Dockerfile").write_text(dockerfile)
    for number in range(count):
        directory = root / f"d{number // _IN_A_DIRECTORY}"
        directory.mkdir(exist_ok=True)
        (directory / f"f{number}").write_bytes(chance.randbytes(chance.randrange(500, 4000)))
    return holder


def _speaks_buildkit(engine: Engine) -> bool:
    if not any((Path(each) / "docker-buildx").exists() for each in _PLUGINS):
        return False
    return "Builder-Version: 2" in _ping(engine)


@functools.cache
def _ping_of(socket: str) -> str:
    command = ["curl", "-sI", "--unix-socket", socket, "http://localhost/_ping"]
    return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout


def _ping(engine: Engine) -> str:
    return _ping_of(str(engine.socket))


def _build(engine: Engine, *arguments: str, own: bool = False) -> None:
    """Build, by Docker's command line or our *own*; an assertion has what it said on failure."""
    program = str(Path(sys.executable).with_name("boxship")) if own else "docker"
    environment = {**os.environ, "DOCKER_HOST": engine.host, "DOCKER_CONFIG": str(engine.root)}
    environment["DOCKER_BUILDKIT"] = "1" if _speaks_buildkit(engine) else "0"
    done = subprocess.run(
        [program, "build", "-t", _TAG, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")[-2000:]


def _is_ours(engine: Engine) -> bool:
    return engine.name != "dockerd"


def from_nothing(engine: Engine) -> float:
    place = _context(_FEW, _FIVE_STEPS).name
    return median(lambda: _build(engine, "--no-cache", place), 7)


def found_again(engine: Engine, own: bool = False) -> float:
    """*own*: our command line, at our engine."""
    place = _context(_FEW, _FIVE_STEPS).name
    return median(lambda: _build(engine, place, own=own and _is_ours(engine)), 15)


def touched(engine: Engine, own: bool = False) -> float:
    """One file of many has a new time and its old content."""
    place = Path(_context(_MANY, _COPY).name)
    clock = itertools.count(1_700_000_000)

    def build() -> None:
        now = next(clock)
        os.utime(place / "d7" / "f777", (now, now))
        _build(engine, str(place), own=own and _is_ours(engine))

    build()
    return median(build, 9)


def diamond(engine: Engine) -> float:
    """Ten stages that wait, eight of them beside each other, as a part of the time that the same
    steps take one after the other."""
    names = [f"m{number}" for number in range(_MIDDLE)]
    beside = "FROM busybox AS top\n" + _WAIT.format("top")
    for name in names:
        beside += f"FROM top AS {name}\n" + _WAIT.format(name)
    beside += "FROM top\n" + "".join(f"COPY --from={n} /made-{n} /\n" for n in names)
    beside += _WAIT.format("end")
    after = "FROM busybox\n" + "".join(_WAIT.format(n) for n in ["top", *names, "end"])
    together, apart = (_once(engine, text) for text in (beside, after))
    return min(together() for _ in range(3)) / min(apart() for _ in range(2))


def _once(engine: Engine, dockerfile: str) -> Callable[[], float]:
    place = _context(1, dockerfile).name
    return lambda: seconds(lambda: _build(engine, "--no-cache", place))


def real(engine: Engine) -> float:
    """Packages with a compiler, a web framework, and a program that uses both."""
    home = application.prepared()
    engine.docker("import", str(home / "base.tar"), application.BASE, timeout=300.0)
    return median(lambda: _build(engine, "--no-cache", str(home / "context")), 5)


FIGURES = [
    Figure("build, five steps from nothing", from_nothing, 0.5),
    Figure("build, all found again", found_again, 0.6),
    Figure("build cli, all found again", functools.partial(found_again, own=True), 0.2),
    Figure("build, 1 of 20,000 touched", touched, 0.4),
    Figure("build cli, 1 of 20,000 touched", functools.partial(touched, own=True), 0.4),
    Figure("build, diamond to line", diamond, unit="x", ceiling=1 / 1.8),
    Figure("build, an application", real, 0.7),
]
