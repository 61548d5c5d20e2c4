"""What lies beside a daemon at an address: files, and a git repository among them."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from support.engines import Engine
from support.waiting import eventually

_GIT = ("git", "-c", "user.name=n", "-c", "user.email=e@e", "-c", "init.defaultBranch=main")


def publish_repository(work: Path) -> None:
    """Make *work* a repository, and ``repo.git`` beside it one that any HTTP server can offer."""
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "m"]):
        subprocess.run([*_GIT, *words], cwd=work, check=True)
    root = work.parent
    subprocess.run([*_GIT, "clone", "-q", "--bare", work.name, "repo.git"], cwd=root, check=True)
    subprocess.run([*_GIT, "update-server-info"], cwd=root / "repo.git", check=True)


@contextlib.contextmanager
def serving(engine: Engine, root: Path, port: int) -> Iterator[None]:
    """An HTTP server of *root* on the loopback of the engine's network namespace."""
    beside = ["nsenter", "-t", str(engine.pid), "-n"]
    command = [*beside, sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            probe = [*beside, "bash", "-c", f"</dev/tcp/127.0.0.1/{port}"]
            eventually(lambda: subprocess.run(probe, capture_output=True).returncode == 0)
            yield
        finally:
            process.terminate()
