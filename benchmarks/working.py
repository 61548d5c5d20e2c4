"""What work costs inside a container: beside the same work on the host, by turns.

In CPU time, which is the work's own however busy the machine is; none of it waits for a disk.
"""

import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.figure import Figure
from support import engines, inside
from support.engines import Engine

_PAIRS, _BLOCKS, _WORKS = 5, 3, 2
_DISK = 2_000_000_000
_NAME = "bench-worker"
_CPU = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done"
_MEMORY = (
    'busybox awk \'BEGIN { for (i = 0; i < 500000; i++) a[i] = i "x";'
    " for (i in a) n += length(a[i]) }'"
)
_FILES = (
    "for again in 1 2 3; do i=0; while [ $i -lt 1500 ]; do echo content > f$i; i=$((i+1)); done;"
    " busybox cat f* > /dev/null; busybox rm f*;"
    " busybox dd if=/dev/zero of=big bs=64k count=1500 2>/dev/null;"
    " busybox dd if=big of=/dev/null bs=64k 2>/dev/null; busybox rm big; done"
)


class _Worker:
    """A shell that does its work once for each line that it is sent: starting it costs nothing."""

    def __init__(self, command: Sequence[str], directory: Path | None = None) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, bufsize=1, cwd=directory
        )
        #: The shell's.
        self.pid = self._process.pid

    def work(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("go\n")
        answer = self._process.stdout.readline()
        assert answer == "done\n", answer

    def seconds(self) -> float:
        """CPU time so far, of the shell and of what it ran; in steps of 10 ms."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def _shell(work: str) -> list[str]:
    """The same to the letter on both sides: how long the script is decides where the shell's memory
    lies, and that is worth five percent."""
    return ["busybox", "sh", "-c", f"while read -r _; do {work}; echo done; done"]


@contextlib.contextmanager
def _inside(engine: Engine, work: str, directory: str, *options: str) -> Iterator[_Worker]:
    command = ["docker", "-H", engine.host, "run", "-i", "--rm", "--name", _NAME, *options]
    worker = _Worker([*command, "--workdir", directory, "busybox", *_shell(work)])
    try:
        worker.work()
        worker.pid = inside.pid_of(engine, _NAME)
        yield worker
    finally:
        worker.close()


@contextlib.contextmanager
def _outside(work: str, directory: Path) -> Iterator[_Worker]:
    directory.mkdir()
    worker = _Worker(_shell(work), directory)
    try:
        worker.work()
        yield worker
    finally:
        worker.close()
        shutil.rmtree(directory)


@contextlib.contextmanager
def _disk() -> Iterator[Path]:
    """A new file system. How long it takes to make a file depends on what else was made and
    removed on a disk in the last minutes: an ext4 without a journal, above all, looks at the inode
    of each removed file before it makes a new one."""
    with tempfile.TemporaryDirectory(prefix="bd-", dir="/tmp") as root:
        image, place = Path(root, "image"), Path(root, "fs")
        place.mkdir()
        with image.open("wb") as file:
            file.truncate(_DISK)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, place], check=True)
        try:
            yield place
        finally:
            subprocess.run(["umount", "--lazy", place], check=True)


def _beside_the_host(work: str) -> Callable[[Engine], float]:
    return lambda engine: _compared(engine, work, engine.root, "/tmp")


def _files(directory: str, *options: str) -> Callable[[Engine], float]:
    """Work on files in *directory* of a container beside the host, on a new disk for both."""

    def measure(engine: Engine) -> float:
        with _disk() as place, engines.running(engine.name, place=place) as fresh:
            return _compared(fresh, _FILES, place, directory, *options)

    return measure


def _compared(engine: Engine, work: str, place: Path, directory: str, *options: str) -> float:
    """What *work* takes in *directory* of a container to what it takes in one of *place*."""
    ratios: list[float] = []
    for _ in range(_PAIRS):
        with (
            _outside(work, place / "bench-work") as host,
            _inside(engine, work, directory, *options) as container,
        ):
            ratios += [_block(host, container, each) for each in range(_BLOCKS)]
    return statistics.median(ratios)


def _block(host: _Worker, container: _Worker, number: int) -> float:
    """CPU time in the container to that outside, by turns, so that both see the same machine; long
    enough for steps of 10 ms to be small."""
    taken = {}
    for worker in (host, container) if number % 2 else (container, host):
        before = worker.seconds()
        for _ in range(_WORKS):
            worker.work()
        taken[worker] = worker.seconds() - before
    return taken[container] / taken[host]


FIGURES = [
    Figure("CPU work, beside the host", _beside_the_host(_CPU), unit="x", ceiling=1.03),
    Figure("memory work, beside the host", _beside_the_host(_MEMORY), unit="x", ceiling=1.03),
    Figure("files in a volume, beside the host", _files("/v", "-v", "/v"), unit="x", ceiling=1.03),
    # Through overlay, which costs dockerd's containers something too.
    Figure("files in a container's root", _files("/tmp"), 1.0, unit="x"),
]
