"""``boxship login``, ``push``, ``pull`` and ``logout`` with Debian's registry behind a password."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.debian_registry import Registry, registry
from support.engines import Engine
from support.terminals import PROGRAM

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(boxship_daemon: Engine, tmp_path: Path) -> Run:
    def call(*words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*PROGRAM, *words],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            env={
                **os.environ,
                "DOCKER_HOST": boxship_daemon.host,
                "DOCKER_CONFIG": str(tmp_path / "config"),
            },
        )

    return call


@pytest.fixture
def private(boxship_daemon: Engine, tmp_path: Path) -> Iterator[Registry]:
    with registry(boxship_daemon.pid, tmp_path, password=True, port=5002) as found:
        yield found


def test_the_way_of_an_image(run: Run, private: Registry, tmp_path: Path) -> None:
    image = f"{private.host}/private/box"
    assert run("tag", "busybox", f"{image}:v1").returncode == 0
    refused = run("push", f"{image}:v1")
    assert refused.returncode == 1
    assert "no basic auth credentials" in refused.stderr
    wrong = run("login", "-u", "me", "--password-stdin", private.host, stdin="wrong\n")
    assert wrong.returncode == 1
    assert "401 Unauthorized" in wrong.stderr
    right = run("login", "-u", "me", "--password-stdin", private.host, stdin="secret\n")
    assert right.stdout == "Login Succeeded\n"
    assert private.host in json.loads((tmp_path / "config/config.json").read_text())["auths"]
    assert "Authenticating with existing" in run("login", private.host).stdout
    pushed = run("push", f"{image}:v1")
    assert pushed.stdout.splitlines()[0] == f"The push refers to repository [{image}]"
    assert "v1: digest: sha256:" in pushed.stdout.splitlines()[-1]
    assert run("push", "-q", f"{image}:v1").stdout == f"{image}:v1\n"
    run("rmi", f"{image}:v1")
    pulled = run("pull", f"{image}:v1")
    assert pulled.stdout.splitlines()[-1] == f"{image}:v1"
    assert "Status: Downloaded newer image" in pulled.stdout
    assert "Using default tag" not in pulled.stdout
    run("tag", f"{image}:v1", image)
    assert run("push", image).stdout.startswith("Using default tag: latest\nThe push refers to")
    again = run("pull", image).stdout.splitlines()
    assert again[:2] == ["Using default tag: latest", "latest: Pulling from private/box"]
    assert again[-1] == f"{image}:latest"
    assert run("pull", "-q", "-a", image).stdout == f"{image}\n"
    run("rmi", f"{image}:v1", image)
    assert run("logout", private.host).stdout == (
        f"Removing login credentials for {private.host}\n"
    )
    assert run("logout", private.host).stdout == f"Removing login credentials for {private.host}\n"
    assert "no basic auth credentials" in run("pull", f"{image}:v1").stderr
