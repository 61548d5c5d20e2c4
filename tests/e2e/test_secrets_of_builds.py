"""Secrets that a step has in its environment reach none of the daemon's files."""

import os
import subprocess
import sys
from pathlib import Path

from support import engines

_BOXSHIP = str(Path(sys.executable).with_name("boxship"))


def test_secrets_in_the_environment_are_not_written_down(
    boxship_daemon: engines.Engine, tmp_path: Path
) -> None:
    secret = os.urandom(16).hex()
    (tmp_path / "secret").write_text(secret)
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "Dockerfile").write_text(
        "FROM busybox\nENV E=before\n"
        "RUN --mount=type=secret,id=s,env=E,required [ ${#E} = 32 ] && echo known\n"
    )
    words = ["build", "--no-cache", "--rm=false", "--secret", f"id=s,src={tmp_path}/secret"]
    done = subprocess.run(
        [_BOXSHIP, "-H", boxship_daemon.host, *words, str(tmp_path / "context")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "known" in done.stdout + done.stderr
    assert done.returncode == 0
    # The database keeps what it has deleted until something else takes its place.
    files = [path for path in boxship_daemon.root.rglob("*") if path.is_file()]
    assert [path for path in files if secret.encode() in path.read_bytes()] == []
    boxship_daemon.remove_containers()
