"""Where no daemon listens, the CLI starts one."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.requirements import require_root, require_tool
from support.terminals import PROGRAM

# A machine of its own as far as the daemon's default places go; the CLI finds nothing running.
ENTER = """
set -e
ip link set lo up
mount --bind "$1/lib" /var/lib
mount -t tmpfs none /run
mount -t tmpfs none /var/log
shift
"$@"
"""


@pytest.fixture
def root() -> Iterator[Path]:
    require_root()
    require_tool("unshare", "ip")
    with tempfile.TemporaryDirectory(prefix="bx-", dir="/tmp") as directory:
        (Path(directory) / "lib").mkdir()
        yield Path(directory)


def enter(root: Path, script: str) -> "subprocess.CompletedProcess[str]":
    """Run the shell *script* there; ``boxship`` in it is our CLI. Its daemon dies with it."""
    wrapper = root / "boxship"
    wrapper.write_text("#!/bin/sh\nexec " + " ".join(f"'{word}'" for word in PROGRAM) + ' "$@"\n')
    wrapper.chmod(0o755)
    environment = {k: v for k, v in os.environ.items() if k not in ("BOXSHIP_HOST", "DOCKER_HOST")}
    unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return subprocess.run(
        [*unshare, "sh", "-c", ENTER, "sh", str(root), "sh", "-c", script],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=90,
        env={**environment, "PATH": f"{root}:{os.environ['PATH']}"},
    )


def test_the_first_command_starts_it_and_the_next_find_it(root: Path) -> None:
    done = enter(
        root,
        "boxship ps -q && boxship info -f '{{.Name}}' >/dev/null && cat /var/log/boxship/daemon.log"
        " && pgrep -fc '[b]oxship.daemon -H unix:///run/boxship/boxship.sock'",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("listening on unix:///run/boxship/boxship.sock") == 1
    assert done.stdout.endswith("\n1\n")


def test_many_at_once_start_one(root: Path) -> None:
    script = "for i in 1 2 3 4; do boxship ps -q & done; wait; "
    done = enter(root, script + "grep -c listening /var/log/boxship/daemon.log")
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_a_daemon_that_dies_tells_why(root: Path) -> None:
    done = enter(root, "mkdir -p /var/lib; echo x > /var/lib/boxship; boxship ps")
    assert done.returncode == 1
    assert "the daemon did not start (exit code" in done.stderr
    assert "the daemon's log is /var/log/boxship/daemon.log" in done.stderr


def test_it_can_be_turned_off(root: Path) -> None:
    done = enter(root, "BOXSHIP_AUTOSTART=0 boxship ps")
    assert done.returncode == 1
    assert (
        "Cannot connect to the Boxship daemon at unix:///run/boxship/boxship.sock." in done.stderr
    )


def test_an_address_that_was_given_is_not_started(root: Path) -> None:
    done = enter(root, "boxship -H unix:///run/other.sock ps; ls /var/log")
    assert "Cannot connect to the Boxship daemon at unix:///run/other.sock." in done.stderr
    assert done.stdout == ""


def test_the_daemon_command_keeps_its_process(root: Path) -> None:
    script = "boxship daemon --no-such-flag; echo $?"
    assert enter(root, script).stdout.strip().endswith(("1", "2", "125"))
    done = enter(
        root,
        "boxship daemon >/dev/null 2>&1 & me=$!; "
        "while [ ! -S /run/boxship/boxship.sock ]; do sleep 0.05; done; "
        f"boxship -H unix:///run/boxship/boxship.sock ps -q && kill -{int(signal.SIGTERM)} $me"
        " && wait $me && echo ended",
    )
    assert done.stdout == "ended\n", done.stderr


def test_the_daemon_stops_and_restarts_on_demand(root: Path) -> None:
    done = enter(
        root,
        "set -e; boxship system stop; boxship system restart; "
        "boxship capture -q -t tools sleep >/dev/null; "
        "boxship run -d --network none --name up tools sleep 1000 >/dev/null; "
        "before=$(cat /run/boxship/boxship.pid); boxship system restart; "
        "test $before != $(cat /run/boxship/boxship.pid); "
        "boxship ps --format '{{.Names}} {{.State}}'; "
        "boxship system stop; test ! -e /run/boxship/boxship.pid; "
        "BOXSHIP_AUTOSTART=0 boxship ps 2>&1 | grep -c 'daemon running?'; "
        "boxship rm -f up",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "No daemon runs at unix:///run/boxship/boxship.sock.",
        "No daemon ran; it has been started.",
        "The daemon has restarted; 1 container keeps running.",
        "up running",
        "The daemon has stopped; 1 container keeps running.",
        "1",
        "up",
    ]


def test_a_daemon_that_could_not_start_again_is_left_alone(root: Path) -> None:
    done = enter(
        root,
        "echo '{}' > /run/daemon.json; "
        "boxship daemon --config-file /run/daemon.json >/dev/null 2>&1 & "
        "while ! BOXSHIP_AUTOSTART=0 boxship ps >/dev/null 2>&1; do sleep 0.05; done; "
        'before=$(cat /run/boxship/boxship.pid); echo \'{"mtu": "x"}\' > /run/daemon.json; '
        "boxship system restart; echo $?; test $before = $(cat /run/boxship/boxship.pid) && "
        "BOXSHIP_AUTOSTART=0 boxship ps -q && boxship system stop",
    )
    assert done.stdout == "1\nThe daemon has stopped.\n", done.stderr
    assert "would not start again and was left alone" in done.stderr
    assert "invalid mtu: expected a whole number" in done.stderr
