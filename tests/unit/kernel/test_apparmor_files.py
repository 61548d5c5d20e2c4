"""AppArmor's files, as far as they can be told apart without the module."""

import os
from pathlib import Path

import pytest

from boxship.kernel import apparmor


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(apparmor, "_SWITCH", str(tmp_path / "enabled"))
    monkeypatch.setattr(apparmor, "_PROFILES", str(tmp_path / "profiles"))
    attributes = (str(tmp_path / "apparmor-exec"), str(tmp_path / "exec"))
    monkeypatch.setattr(apparmor, "_EXEC_ATTRIBUTES", attributes)
    return tmp_path


def test_this_host_says_what_its_kernel_says() -> None:
    switch = Path("/sys/module/apparmor/parameters/enabled")
    expected = switch.exists() and switch.read_text().startswith("Y")
    assert apparmor.enabled() is (expected and os.path.exists("/sys/kernel/security/apparmor"))


def test_enabled_needs_the_switch_and_the_interface(files: Path) -> None:
    assert not apparmor.enabled()
    (files / "enabled").write_text("Y\n")
    assert not apparmor.enabled()
    (files / "profiles").write_text("")
    assert apparmor.enabled()
    (files / "enabled").write_text("N\n")
    assert not apparmor.enabled()


def test_loaded(files: Path) -> None:
    assert not apparmor.loaded("docker-default")
    (files / "profiles").write_text("docker-default (enforce)\nmy (odd) name (complain)\n")
    assert apparmor.loaded("docker-default")
    assert apparmor.loaded("my (odd) name")
    assert not apparmor.loaded("docker")


def test_the_newer_attribute_is_preferred(files: Path) -> None:
    with pytest.raises(FileNotFoundError):
        apparmor.confine_next_exec("docker-default")
    (files / "exec").write_text("")
    apparmor.confine_next_exec("docker-default")
    assert (files / "exec").read_text() == "exec docker-default"
    (files / "apparmor-exec").write_text("")
    apparmor.confine_next_exec("other")
    assert (files / "apparmor-exec").read_text() == "exec other"
    assert (files / "exec").read_text() == "exec docker-default"
