"""Logins in ``config.json`` and in credential helpers, as Docker's client keeps them."""

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.cli.errors import Failed
from boxship.cli.registry.logins import Logins
from boxship.cli.registry.server import HUB_KEY, key_of_image, key_of_server
from boxship.cli.settings import Settings

HELPER = """#!/bin/sh
input=$(cat)
echo "$1 $input" >> "{log}"
case "$1 $input" in
  "get there.example") echo '{{"ServerURL":"there.example","Username":"me","Secret":"pw"}}';;
  "get token.example") echo '{{"ServerURL":"x","Username":"<token>","Secret":"t"}}';;
  "get odd.example") echo nonsense;;
  get*|erase*) echo "credentials not found in native keychain"; exit 1;;
esac
"""


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "docker-credential-test"
    program.parent.mkdir()
    program.write_text(HELPER.format(log=tmp_path / "log"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path


def write(directory: Path, **values: Any) -> Logins:
    (directory / "config.json").write_text(json.dumps(values))
    return Logins(Settings(str(directory)))


def read(directory: Path) -> Any:
    return json.loads((directory / "config.json").read_text())


@pytest.mark.parametrize(
    ("server", "key"),
    [
        ("", HUB_KEY),
        ("docker.io", HUB_KEY),
        (HUB_KEY, HUB_KEY),
        ("127.0.0.1:5000", "127.0.0.1:5000"),
        ("https://quay.io/v1/", "quay.io"),
        ("http://h:1", "h:1"),
    ],
)
def test_keys_of_servers(server: str, key: str) -> None:
    assert key_of_server(server) == key


@pytest.mark.parametrize(
    ("image", "key"),
    [
        ("busybox", HUB_KEY),
        ("me/app", HUB_KEY),
        ("docker.io/me/app", HUB_KEY),
        ("quay.io/me/app", "quay.io"),
        ("localhost/app", "localhost"),
        ("h:5000/app", "h:5000"),
    ],
)
def test_keys_of_images(image: str, key: str) -> None:
    assert key_of_image(image) == key


def test_in_the_file(directory: Path) -> None:
    logins = write(directory, psFormat="kept")
    assert logins.get("there.example") == {}
    assert logins.store("there.example", "me", "p:w") is True
    assert read(directory)["auths"] == {
        "there.example": {"auth": base64.b64encode(b"me:p:w").decode()}
    }
    assert read(directory)["psFormat"] == "kept"
    assert stat.S_IMODE((directory / "config.json").stat().st_mode) == 0o600
    expected = {"username": "me", "password": "p:w", "serveraddress": "there.example"}
    assert logins.get("there.example") == expected
    header = logins.header("there.example/app")["X-Registry-Auth"]
    assert json.loads(base64.urlsafe_b64decode(header)) == expected
    assert logins.erase("there.example") is True
    assert logins.erase("there.example") is False
    assert read(directory)["auths"] == {}


def test_old_spellings_are_found(directory: Path) -> None:
    row = {"auth": base64.b64encode(b"me:pw\0").decode(), "identitytoken": "t"}
    logins = write(directory, auths={"https://there.example/v1/": row})
    assert logins.get("there.example") == {
        "username": "me",
        "password": "pw",
        "identitytoken": "t",
        "serveraddress": "there.example",
    }
    assert logins.erase("there.example") is True
    assert read(directory)["auths"] == {}


def test_helpers(directory: Path) -> None:
    logins = write(directory, credHelpers={"there.example": "test"}, credsStore="test")
    assert logins.get("there.example")["password"] == "pw"
    assert logins.get("token.example") == {"identitytoken": "t", "serveraddress": "token.example"}
    assert logins.get("missing.example") == {}
    with pytest.raises(Failed, match="printed no JSON"):
        logins.get("odd.example")
    assert logins.store("new.example", "me", "secret") is False
    assert read(directory)["auths"] == {"new.example": {}}
    assert "secret" not in (directory / "config.json").read_text()
    logins.erase("new.example")
    said = (directory / "log").read_text().splitlines()
    row = {"ServerURL": "new.example", "Username": "me", "Secret": "secret"}
    assert said[-2] == f"store {json.dumps(row)}"
    assert said[-1] == "erase new.example"


def test_a_helper_that_is_not_there(directory: Path) -> None:
    logins = write(directory, credsStore="none-such")
    with pytest.raises(Failed, match="docker-credential-none-such"):
        logins.get("there.example")


@given(st.text(), st.recursive(st.text() | st.none() | st.integers(), st.lists))
def test_rows_that_are_damaged(auth: str, row: Any) -> None:
    settings = Settings("/nonexistent")
    settings._values = {"auths": {"a": {"auth": auth}, "b": row}, "credHelpers": {"b": 5}}
    logins = Logins(settings)
    assert isinstance(logins.get("a"), dict)
    assert logins.get("b") == {}
