"""A whole daemon on what kernels before 6.15 offer: layers mounted in a namespace (see stacks)."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines, leaks
from support.engines import Engine
from support.requirements import require_root, require_tool

# Layers by number; by descriptor they have no such names.
LOWER = re.compile(r"lowerdir=\d+(:\d+)*,")


@pytest.fixture(scope="module")
def old() -> Iterator[Engine]:
    """A daemon that is told to stack layers the old way; it must leave nothing behind."""
    require_root()
    require_tool("docker", "unshare", "busybox", "ip")
    root = Path(tempfile.mkdtemp(prefix="bx-", dir="/tmp"))
    engine = engines.boxship(root)
    engine.environment["BOXSHIP_STACKS"] = "namespace"
    try:
        engine.start()
        engine.load_busybox()
        yield engine
        engine.remove_containers()
        engine.stop()
        left = leaks.settled(
            lambda: [*leaks.mounts(root), *leaks.processes(root), *leaks.cgroups(root.name)]
        )
        assert list(left) == []
    finally:
        engine.stop()
        leaks.remove_cgroups(root.name)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_containers_left(old: Engine) -> Iterator[None]:
    yield
    old.remove_containers()


def run(engine: Engine, *arguments: str) -> str:
    return engine.docker("run", "--rm", "--network", "none", *arguments).stdout


def root_mount(engine: Engine, *arguments: str) -> str:
    table = run(engine, *arguments, "busybox", "cat", "/proc/mounts")
    return next(line for line in table.splitlines() if line.split()[1] == "/")


def test_the_way_is_taken(old: Engine) -> None:
    assert LOWER.search(root_mount(old))


def test_nothing_is_seen_on_the_host(old: Engine) -> None:
    old.docker("run", "-d", "--name", "box", "--network", "none", "busybox", "sleep", "1000")
    assert leaks.mounts(old.root) == []
    pid = old.docker("inspect", "-f", "{{.State.Pid}}", "box").stdout.strip()
    rows = [line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]
    assert [row[4] for row in rows if str(old.root) in row[4]] == []
    assert [row for row in rows if "boxship" in row or "erofs" in row] == []


def test_changes_are_told_committed_and_copied(old: Engine) -> None:
    script = "echo new > /new; rm /etc/group; echo changed > /etc/passwd"
    box = ("--name", "box", "--network", "none")
    old.docker("run", *box, "busybox", "sh", "-c", script)
    assert old.docker("diff", "box").stdout.split("\n")[:4] == [
        "C /etc",
        "D /etc/group",
        "C /etc/passwd",
        "A /new",
    ]
    assert b"new" in old.docker("cp", "box:/new", "-").stdout.encode()
    old.docker("commit", "box", "second")
    assert run(old, "second", "cat", "/new", "/etc/passwd") == "new\nchanged\n"
    old.docker("rm", "box")
    old.docker("rmi", "second")
    assert run(old, "busybox", "echo", "still") == "still\n"


def test_binds_propagate_as_ever(old: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    assert run(old, "-v", f"{tmp_path}:/data", "busybox", "cat", "/data/file") == "text"
    assert run(old, "--read-only", "--tmpfs", "/t", "busybox", "touch", "/t/x") == ""


def test_a_new_spawner_starts_anew(old: Engine) -> None:
    old.docker("run", "-d", "--name", "box", "--network", "none", "busybox", "sleep", "1000")
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
            name = Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            continue
        if name == "boxship-spawner" and int(parent) == old.pid:
            os.kill(int(pid), 9)
    assert old.docker("exec", "box", "cat", "/etc/os-release").stdout == "NAME=busybox\n"
    assert run(old, "busybox", "echo", "again") == "again\n"
