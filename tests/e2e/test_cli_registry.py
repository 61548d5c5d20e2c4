"""``boxship login``, ``push``, ``pull`` and ``logout`` with Debian's registry behind a password."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.debian_registry import Registry, registry
from support.engines import Engine
from support.hub import PASSWORD, hub_beside, running_hub
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


def test_the_way_of_an_image_by_our_own_hub(
    run: Run, boxship_daemon: Engine, tmp_path: Path
) -> None:
    with (
        running_hub(tmp_path / "hub") as hub,
        hub_beside(boxship_daemon.pid, hub.root, port=5003) as address,
    ):
        image = f"{address}/alice/box:v1"
        assert run("tag", "busybox", image).returncode == 0
        assert run("push", image).returncode == 1
        login = ("login", "-u", "alice", "--password-stdin", address)
        assert "unauthorized" in run(*login, stdin="wrong\n").stderr.lower()
        assert run(*login, stdin=f"{PASSWORD}\n").stdout == "Login Succeeded\n"
        pushed = run("push", image)
        assert pushed.returncode == 0, pushed.stderr
        digest = pushed.stdout.partition("digest: ")[2].split()[0]
        assert run("rmi", image).returncode == 0
        remote = ("image", "inspect", "--remote", "-f", "{{.Os}} {{.RepoDigests}}")
        shown = f"linux [{address}/alice/box@{digest}]\n"
        for flags in ((), ("--insecure",)):
            looked = run(*remote, *flags, image)
            assert (looked.stdout, looked.stderr) == (shown, "")
        assert "needs --remote" in run("image", "inspect", "--insecure", "busybox").stderr
        assert f"Digest: {digest}" in run("pull", image).stdout
        ran = run("run", "--rm", "--network", "none", image, "echo", "it runs")
        assert ran.stdout == "it runs\n", ran.stderr
        assert run("rmi", image).returncode == 0
        assert run("logout", address).returncode == 0
        assert run("pull", image).returncode == 1
