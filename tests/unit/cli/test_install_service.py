"""Boxship as a service of systemd: the files, written below a root of our own."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from boxship.cli.main import main
from boxship.cli.service.units import unit_files


def parsed(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read_string(text)
    return parser


def test_the_service_leaves_containers_alone() -> None:
    units = unit_files("/opt/x/bin/python3", "docker")
    service = parsed(units["boxship.service"])["Service"]
    assert (service["Delegate"], service["KillMode"]) == ("yes", "process")
    assert service["Type"] == "notify"
    assert service["ExecStart"] == "/opt/x/bin/python3 -P -m boxship.daemon -H fd://"
    socket = parsed(units["boxship.socket"])["Socket"]
    assert socket["ListenStream"] == "/run/boxship/boxship.sock"
    assert (socket["SocketMode"], socket["SocketGroup"]) == ("0660", "docker")


@pytest.mark.parametrize(
    ("path", "word"),
    [("/a/b", "/a/b"), ("/a b/c", '"/a b/c"'), ("/a%/$b", "/a%%/$$b"), ('/a"', '"/a\\""')],
)
def test_paths_in_units_are_quoted(path: str, word: str) -> None:
    service = parsed(unit_files(path, "root")["boxship.service"])["Service"]
    assert service["ExecStart"].startswith(f"{word} -P ")


def test_files_are_written_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = tmp_path / "etc/systemd/system"
    root = ["system", "install-service", "--root", str(tmp_path)]
    assert main(root) == 0
    assert sorted(os.listdir(directory)) == ["boxship.service", "boxship.socket"]
    assert "systemctl enable --now boxship.socket" in capsys.readouterr().out
    # No group "docker" there: a unit that names it would not start.
    assert "SocketGroup=root" in (directory / "boxship.socket").read_text()
    assert main([*root, "--remove"]) == 0
    assert os.listdir(directory) == []
    assert main([*root, "--remove"]) == 0


def test_the_group_docker_is_used_where_it_exists(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/group").write_text("root:x:0:\ndocker:x:999:me\n")
    assert main(["system", "install-service", "--root", str(tmp_path)]) == 0
    text = (tmp_path / "etc/systemd/system/boxship.socket").read_text()
    assert "SocketGroup=docker" in text


def test_printing_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["system", "install-service", "--print", "--root", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "# /etc/systemd/system/boxship.service\n[Unit]" in out and "[Socket]" in out
    assert os.listdir(tmp_path) == []


def test_systemd_accepts_the_files(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    units = unit_files("/bin/sh", "root")
    for name, text in units.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [
            "systemd-analyze",
            "verify",
            "--man=no",
            "--recursive-errors=no",
            *map(str, tmp_path.iterdir()),
        ],
        capture_output=True,
        text=True,
    )
    ours = [line for line in done.stderr.splitlines() if "boxship." in line]
    assert ours == []


def test_the_socket_of_docker_is_served_on_demand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["system", "install-service", "--root", str(tmp_path), "--print"]
    assert main(words) == 0 and "--docker-socket" not in capsys.readouterr().out
    assert main([*words, "--docker-socket"]) == 0
    assert "boxship.daemon -H fd:// --docker-socket\n" in capsys.readouterr().out


def test_the_package_can_be_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "boxship", "--version"], capture_output=True, text=True
    )
    assert done.returncode == 0 and done.stdout.startswith("Boxship version")
