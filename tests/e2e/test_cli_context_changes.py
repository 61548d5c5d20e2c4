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


_BACK = (
    "FROM busybox\nRUN --mount=target=/m echo begun; "
    "until grep -q other /m/a; do sleep 0.1; done; cp /m/a /made; echo made; "
    "until grep -q first /m/a; do sleep 0.1; done\n"
)


def test_what_was_made_of_files_that_have_changed_back_is_not_found_again(
    boxship_daemon: engines.Engine, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(_BACK)
    (tmp_path / "a").write_text("first")
    command = _command(boxship_daemon, tmp_path)
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as build:
            assert build.stdout is not None
            assert any(line.endswith(b" begun\n") for line in build.stdout)
            (tmp_path / "a").write_text("other")
            assert any(line.endswith(b" made\n") for line in build.stdout)
            (tmp_path / "a").write_text("first")
            build.communicate(timeout=30)
    boxship_daemon.docker("rmi", "-f", "changed")


_MOVING = (
    "FROM busybox\nRUN --mount=target=/m echo begun; "
    "until grep -q go /m/state; do sleep 0.1; done\nCOPY a /made\n"
)


def test_the_directory_that_was_handed_over_counts_and_not_its_name(
    boxship_daemon: engines.Engine, tmp_path: Path
) -> None:
    for name in ("mine", "other"):
        context = tmp_path / name / "context"
        context.mkdir(parents=True)
        for file, text in (("Dockerfile", _MOVING), ("a", name), ("state", "")):
            (context / file).write_text(text)
    command = _command(boxship_daemon, tmp_path / "mine" / "context")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as build:
        assert build.stdout is not None
        assert any(line.endswith(b" begun\n") for line in build.stdout)
        (tmp_path / "mine").rename(tmp_path / "moved")
        (tmp_path / "other").rename(tmp_path / "mine")
        (tmp_path / "moved" / "context" / "state").write_text("go")
        build.communicate(timeout=30)
    assert build.returncode == 0
    assert boxship_daemon.docker("run", "--rm", "changed", "cat", "/made").stdout == "mine"
    boxship_daemon.docker("rmi", "-f", "changed")


def test_what_was_made_of_files_that_stay_is_found_again(
    boxship_daemon: engines.Engine, tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_text("a")
    (tmp_path / "Dockerfile").write_text(
        "FROM busybox\nCOPY sub /sub\nRUN --mount=target=/m cp /m/sub/a /made\n"
    )
    for _ in range(2):
        done = subprocess.run(
            _command(boxship_daemon, tmp_path), capture_output=True, text=True, timeout=30
        )
    assert (done.stdout + done.stderr).count(" CACHED") == 2
    boxship_daemon.docker("rmi", "-f", "changed")
