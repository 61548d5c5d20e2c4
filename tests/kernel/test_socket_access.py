"""Ordinary users at the socket of root's daemon."""

import grp
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.wire.listen import listen_unix
from support.requirements import require_root

# A user and groups without names, and a group that every system has.
UID, GID = 61234, 61235
# The interpreter may lie where only root can read: everything is imported before the user changes.
SCRIPT = """
import grp, os, pwd, sys
import boxship.cli.doctor.daemon as doctor
import boxship.cli.autostart as autostart
from boxship.base.errors import BoxshipError
from boxship.client import access, connection, endpoint
path, uid, gid, *groups = sys.argv[1:]
os.setgroups([int(group) for group in groups])
os.setresgid(int(gid), int(gid), int(gid))
os.setresuid(int(uid), int(uid), int(uid))
address = "unix://" + path
try:
    autostart.ensure_daemon(endpoint.parse_endpoint(address))
    connection.connect(endpoint.parse_endpoint(address)).close()
    print("connected")
except BoxshipError as error:
    print(error)
    for finding in doctor.findings(address, True, {}, error):
        print(finding.status, finding.detail, finding.mend)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    require_root()
    with tempfile.TemporaryDirectory(prefix="bx-", dir="/tmp") as directory:
        os.chmod(directory, 0o755)
        yield Path(directory)


def _as_user(path: Path, *groups: int) -> str:
    words = [str(path), str(UID), str(GID), *map(str, groups)]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _listening(path: Path, group: str) -> socket.socket:
    return listen_unix(str(path), group)


def test_a_member_of_the_group_works_at_once(place: Path) -> None:
    with _listening(place / "s", "daemon"):
        found = os.stat(place / "s")
        gid = grp.getgrnam("daemon").gr_gid
        assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (0, gid, 0o660)
        assert _as_user(place / "s", gid) == "connected\n"


def test_another_user_is_told_how_to_join_the_group(place: Path) -> None:
    with _listening(place / "s", "daemon"):
        message, finding = _as_user(place / "s").splitlines()
    assert "permission denied" in message and "sudo usermod -aG daemon $USER" in message
    assert "log in again" in message and "sudo" in message
    assert finding.startswith("fail you may not use the daemon")
    assert "sudo usermod -aG daemon $USER" in finding


def test_a_socket_of_root_alone_names_no_group(place: Path) -> None:
    with _listening(place / "s", "no-such-group"):
        message, finding = _as_user(place / "s").splitlines()
    assert message.endswith("only root may use it: run the command with sudo")
    assert finding.startswith("fail ")


def test_an_ordinary_user_starts_no_daemon(place: Path) -> None:
    lines = _as_user(place / "s").splitlines()
    assert "Is the boxship daemon running?" in lines[0]
    assert lines[-1].startswith("warn no daemon runs, and only root can start one")
    assert os.listdir(place) == []
