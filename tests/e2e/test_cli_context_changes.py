"""A directory may change while it is built from: of what is made then the cache learns nothing."""

import subprocess
import sys
from pathlib import Path

from support import engines

_WAITING = (
    "FROM busybox\nRUN --mount=target=/m echo begun; "
    "for i in $(seq 20); do grep -q other /m/a && break; sleep 0.1; done; cp /m/a /made\n"
)


def _command(engine: engines.Engine, directory: Path) -> list[str]:
    words = ["build", "--progress", "plain", "-t", "changed", str(directory)]
    return [str(Path(sys.executable).parent / "boxship"), "-H", engine.host, *words]


def test_what_was_made_of_changing_files_is_not_found_again(
    boxship_daemon: engines.Engine, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(_WAITING)
    (tmp_path / "a").write_text("first")
    command = _command(boxship_daemon, tmp_path)
    made = ["run", "--rm", "changed", "cat", "/made"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as build:
        assert build.stdout is not None
        assert any(b"begun" in line and b"RUN" not in line for line in build.stdout)
        (tmp_path / "a").write_text("other")
        build.communicate(timeout=30)
    assert boxship_daemon.docker(*made).stdout == "other"
    (tmp_path / "a").write_text("first")
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    assert boxship_daemon.docker(*made).stdout == "first"
    boxship_daemon.docker("rmi", "-f", "changed")
