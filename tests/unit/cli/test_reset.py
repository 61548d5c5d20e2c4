"""What ``system reset`` removes, and what it leaves alone."""

import os
from pathlib import Path

import pytest

from boxship.cli.main import main
from boxship.cli.reset.daemon_process import Places, find
from boxship.cli.reset.leftovers import remove_cgroups, remove_data, remove_run


def test_a_data_root_goes_with_everything_that_daemons_make(tmp_path: Path) -> None:
    root = tmp_path / "data"
    for name in ("layers/sha256", "containers/c/upper", "volumes/v/_data"):
        (root / name).mkdir(parents=True)
    for name in ("boxship.db", "boxship.db-wal", "volumes/v/_data/file"):
        (root / name).write_text("x")
    assert remove_data(str(root)) == []
    assert not root.exists()
    assert remove_data(str(root)) == []


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    (tmp_path / "layers").mkdir()
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    assert remove_data(str(tmp_path)) == [f"{tmp_path}/precious"]
    assert os.listdir(tmp_path) == ["precious"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    root = tmp_path / "data"
    (root / "containers").mkdir(parents=True)
    (root / "containers" / "link").symlink_to(tmp_path / "precious")
    (root / "volumes").symlink_to(tmp_path / "precious")
    assert remove_data(str(root)) == []
    assert (tmp_path / "precious" / "file").exists() and not root.exists()


def test_run_directories(tmp_path: Path) -> None:
    root = tmp_path / "run"
    (root / "containers" / "c").mkdir(parents=True)
    (root / "start.lock").write_text("")
    assert remove_run(str(root)) == [] and not root.exists()


def test_control_groups_of_every_hierarchy(tmp_path: Path) -> None:
    for path in ("boxship/a/b", "memory/boxship/a", "cpu/boxship", "cpu/other"):
        (tmp_path / path).mkdir(parents=True)
    assert remove_cgroups("/boxship", str(tmp_path)) == []
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {"memory", "cpu", "cpu/other"}


@pytest.mark.parametrize("parent", ["", "/"])
def test_without_a_parent_no_control_group_is_touched(parent: str, tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    assert remove_cgroups(parent, str(tmp_path)) == []
    assert (tmp_path / "memory").exists()


def test_places_come_from_the_command_line_then_the_settings() -> None:
    words = ["python", "-m", "boxship.daemon", "--data-root", "/d", "--exec-root=/e"]
    places = Places(words, {"data-root": "/other", "pidfile": "/p"})
    assert (places.data_root, places.exec_root, places.pidfile) == ("/d", "/e", "/p")
    assert places.cgroup_parent == "/boxship"


def test_no_daemon_is_found_where_none_listens(tmp_path: Path) -> None:
    assert find(f"{tmp_path}/none") == 0


def test_another_machine_is_not_reset(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-H", "tcp://127.0.0.1:1", "system", "reset", "-f"]) == 1
    assert "may be another machine" in capsys.readouterr().err
