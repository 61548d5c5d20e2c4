"""``system reset`` leaves nothing behind."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.network.namespace import of_process as namespace_of
from support import engines, leaks
from support.requirements import require_root, require_tool
from support.terminals import PROGRAM


@pytest.fixture
def engine() -> Iterator[engines.Engine]:
    require_root()
    require_tool("docker", "unshare", "busybox", "ip")
    root = Path(tempfile.mkdtemp(prefix="bx-", dir="/tmp"))
    engine = engines.boxship(root)
    engine.start()
    try:
        engine.load_busybox()
        yield engine
    finally:
        engine.stop()
        leaks.remove_cgroups(root.name)
        shutil.rmtree(root, ignore_errors=True)


def reset(
    engine: engines.Engine, *words: str, stdin: str = ""
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*PROGRAM, "-H", engine.host, "system", "reset", *words],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_nothing_is_left(engine: engines.Engine) -> None:
    engine.docker("run", "-d", "--network", "none", "busybox", "sleep", "1000")
    engine.docker("network", "create", "names")
    engine.docker("run", "-d", "--network", "names", "busybox", "sleep", "1000")
    engine.docker("run", "-v", "named:/d", "--network", "none", "busybox", "touch", "/d/x", "/y")
    engine.docker("network", "create", "apart")
    for network in ("bridge", "apart"):
        engine.docker("run", "-d", "--network", network, "-p", "80", "busybox", "sleep", "1000")
    host = namespace_of(engine.pid)
    done = reset(engine, "-f")
    assert (done.returncode, done.stderr) == (0, "")
    assert engine.process is not None and engine.process.wait(10) == 0
    with open(host.path, "rb") as opened:
        assert leaks.settled(lambda: leaks.of_daemon(engine.root, opened)) == []
    assert sorted(os.listdir(engine.root)) == ["log"]
    show = ["sh", "-c", "nft list ruleset; ip -o link | grep -v ' lo: '"]
    assert host.run(lambda: subprocess.run(show, capture_output=True, text=True).stdout) == ""
    host.close()


def test_it_asks_first(engine: engines.Engine) -> None:
    done = reset(engine, stdin="n\n")
    assert done.returncode == 0
    assert f"  - {engine.root}/data\n" in done.stdout and done.stdout.endswith("[y/N] ")
    assert "busybox" in engine.docker("images").stdout
