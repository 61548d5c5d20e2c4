"""Secrets that a step has in its environment reach none of the daemon's files."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from support import engines

_BOXSHIP = str(Path(sys.executable).with_name("boxship"))


def _files_with(root: Path, secret: str) -> list[Path]:
    """Below *root*, where some go while they are looked for."""
    found = []
    for directory, _, names in os.walk(root):
        for path in (Path(directory, name) for name in names):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file() and secret.encode() in path.read_bytes():
                    found.append(path)
    return found


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
    assert _files_with(boxship_daemon.root, secret) == []
    boxship_daemon.remove_containers()


def test_secrets_of_buildkits_clients_are_not_written_down(
    boxship_daemon: engines.Engine, tmp_path: Path
) -> None:
    """Neither by a step that keeps quiet about them, nor by one that fails with them."""
    secret = os.urandom(16).hex()
    (tmp_path / "secret").write_text(secret)
    directory = tmp_path / "context"
    directory.mkdir()
    mounts = "--mount=type=secret,id=s,env=E --mount=type=secret,id=s,target=/s"
    (directory / "Dockerfile").write_text(
        "FROM busybox AS good\n"
        f"RUN {mounts} --mount=type=cache,target=/c [ $(cat /s) = $E ] && echo known\n"
        f"FROM good\nRUN {mounts} [ $(cat /s) != $E ]\n"
    )
    environment = {**os.environ, "DOCKER_HOST": boxship_daemon.host, "BUILDKIT_PROGRESS": "plain"}
    for target, fails in (("good", False), ("1", True)):
        words = ["--no-cache", "--target", target, "--secret", f"id=s,src={tmp_path}/secret"]
        done = subprocess.run(
            ["docker", "build", *words, str(directory)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "known" in done.stderr and bool(done.returncode) == fails, done.stderr
        assert secret not in done.stdout + done.stderr
    assert _files_with(boxship_daemon.root, secret) == []
