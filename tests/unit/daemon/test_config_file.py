"""daemon.json: its keys, the kinds of their values, and what flags add."""

import json
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import InvalidParameter
from boxship.daemon import config
from boxship.daemon.config_file import EXPECTED, KEYS, read_file
from boxship.daemon.main import main

_NOT_IN_FILES = {"ready_fd", "source", "validate"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "daemon.json"


def test_the_file_can_hold_every_setting_and_nothing_else() -> None:
    names = {key.replace("-", "_") for key in KEYS}
    assert names == set(config.Settings.__dataclass_fields__) - _NOT_IN_FILES
    assert set(KEYS.values()) == set(EXPECTED)


@pytest.mark.parametrize("key", sorted(KEYS))
def test_the_default_of_a_setting_is_of_the_kind_that_the_file_wants(key: str) -> None:
    default = getattr(config.Settings(), key.replace("-", "_"))
    assert KEYS[key](default)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("debug", "false", "true or false"),
        ("labels", "a=b", "a list of texts"),
        ("hosts", [1], "a list of texts"),
        ("log-level", "loud", "one of debug, info, warn, error, fatal"),
        ("log-level", ["info"], "one of debug"),
        ("mtu", True, "a whole number"),
        ("shutdown-timeout", "15", "a whole number"),
        ("data-root", None, "a text"),
        ("log-opts", {"max-file": 3}, "a table of texts"),
        ("default-ulimits", {"nofile": 5}, "a table of tables"),
        ("default-address-pools", {"base": "10.0.0.0/8"}, "a list of tables"),
        ("registries", [], "a table"),
    ],
)
def test_a_value_of_another_kind_is_refused(
    path: Path, key: str, value: Any, expected: str
) -> None:
    path.write_text(json.dumps({key: value}))
    with pytest.raises(InvalidParameter, match=rf"file {path}: invalid {key}: expected {expected}"):
        read_file(str(path))


@pytest.mark.parametrize("key", ["source", "ready-fd", "data_root", "exec-opts", "features"])
def test_an_unknown_key_is_refused_by_its_name(path: Path, key: str) -> None:
    path.write_text(json.dumps({key: "x"}))
    with pytest.raises(InvalidParameter, match=rf"don't match any configuration option: {key}$"):
        read_file(str(path))


@pytest.mark.parametrize("text", ["{", "[]", "1", "[" * 100_000, "\udcff"])
def test_a_file_that_is_no_table_is_refused(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InvalidParameter, match="unable to configure the daemon with file"):
        read_file(str(path))


@pytest.mark.parametrize("limit", [{"Soft": "many"}, {"Hard": [1]}])
def test_a_limit_that_is_no_number_is_refused(path: Path, limit: dict[str, Any]) -> None:
    path.write_text(json.dumps({"default-ulimits": {"nofile": limit}}))
    with pytest.raises(InvalidParameter, match="invalid ulimit argument: nofile="):
        config.load(["--config-file", str(path)])


def test_hosts_of_the_file_and_of_flags_both_count(path: Path) -> None:
    path.write_text('{"hosts": ["tcp://127.0.0.1:2376", "fd://"]}')
    words = ["--config-file", str(path)]
    assert config.load(words).hosts == ["tcp://127.0.0.1:2376", "fd://"]
    assert config.load(["-H", "fd://", *words]).hosts == ["fd://", "tcp://127.0.0.1:2376"]


def test_any_other_setting_in_both_is_refused(path: Path) -> None:
    path.write_text('{"mtu": 1400}')
    with pytest.raises(InvalidParameter, match="both as a flag and in the configuration file: mtu"):
        config.load(["--config-file", str(path), "--mtu", "1400"])


@pytest.mark.parametrize(
    ("text", "words", "error"),
    [
        ('{"log-driver": "splunk"}', [], 'plugin "splunk" not found'),
        ('{"log-opts": {"nosuch": "1"}}', [], "unknown log opt 'nosuch'"),
        ('{"tlsverify": true}', [], "needs a CA certificate"),
        ('{"bip": "x"}', [], "x"),
        ('{"registries": {"a": 1}}', [], "registries"),
        ("{}", ["--dns", "x"], "IP address is not correctly formatted: x"),
        ('{"debug": 1}', [], "invalid debug"),
    ],
)
def test_validate_says_why_the_daemon_would_not_start(
    path: Path, capfd: pytest.CaptureFixture[str], text: str, words: list[str], error: str
) -> None:
    path.write_text(text)
    assert main(["--validate", "--config-file", str(path), *words]) == 1
    assert error in capfd.readouterr().err


def test_validate_starts_nothing(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path.write_text(json.dumps({"data-root": str(path.parent / "data")}))
    assert main(["--validate", "--config-file", str(path)]) == 0
    assert capfd.readouterr().out == "configuration OK\n"
    assert not (path.parent / "data").exists()
