"""Contexts and files that the daemon fetches: by URL, and from git repositories."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker as docker_py
import pytest

from support import engines
from support.contexts import build, context, image_of, text
from support.requirements import require_tool
from support.waiting import eventually

_PORT = 8123
_GIT = ("-c", "user.name=n", "-c", "user.email=e@e", "-c", "init.defaultBranch=main")


def _git(directory: Path, *arguments: str) -> None:
    subprocess.run(["git", *_GIT, *arguments], cwd=directory, check=True, capture_output=True)


@pytest.fixture(scope="module")
def server(
    boxship_daemon: engines.Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An HTTP server beside the daemon, with a file, a Dockerfile, a context and a repository."""
    require_tool("git", "nsenter")
    root = tmp_path_factory.mktemp("served")
    (root / "file").write_text("of a server")
    os.utime(root / "file", (1_500_000_000, 1_500_000_000))
    (root / "Dockerfile").write_text("FROM busybox\nENV A=remote\n")
    (root / "context.tar").write_bytes(context("FROM busybox\nCOPY f /f\n", f="1"))
    work = root / "work"
    (work / "sub").mkdir(parents=True)
    (work / "Dockerfile").write_text("FROM busybox\nCOPY f /f\n")
    (work / "sub" / "Dockerfile").write_text("FROM busybox\nENV A=sub\nCOPY g /g\n")
    (work / "f").write_text("git")
    (work / "sub" / "g").write_text("subdirectory")
    _git(work, "init", "--quiet")
    _git(work, "add", ".")
    _git(work, "commit", "--quiet", "-m", "m")
    _git(work, "tag", "v1")
    _git(root, "clone", "--quiet", "--bare", "work", "repo.git")
    _git(root / "repo.git", "update-server-info")
    command = ["nsenter", "-t", str(boxship_daemon.pid), "-n", sys.executable]
    command += ["-m", "http.server", str(_PORT), "--bind", "127.0.0.1"]
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        probe = [*command[:4], "bash", "-c", f"</dev/tcp/127.0.0.1/{_PORT}"]
        eventually(lambda: subprocess.run(probe, capture_output=True).returncode == 0)
        yield f"http://127.0.0.1:{_PORT}"
        process.terminate()


def _remote(client: docker_py.DockerClient, address: str) -> str:
    return image_of([*client.api.build(path=address, decode=True, rm=True)])


def _cat(client: docker_py.DockerClient, image: str, path: str) -> str:
    out: bytes = client.containers.run(image, ["cat", path], remove=True)
    return out.decode()


def test_add_fetches_a_file(client: docker_py.DockerClient, server: str) -> None:
    source = f"FROM busybox\nADD {server}/file /a/\nADD {server}/file /b\nRUN stat -c '%a %Y' /b\n"
    messages = build(client, context(source))
    assert "600 1500000000" in text(messages)
    assert _cat(client, image_of(messages), "/a/file") == "of a server"


def test_a_checksum_has_to_fit(client: docker_py.DockerClient, server: str) -> None:
    digest = hashlib.sha256(b"of a server").hexdigest()
    good = f"FROM busybox\nADD --checksum=sha256:{digest} {server}/file /a\n"
    assert image_of(build(client, context(good)))
    bad = build(client, context(good.replace(digest, "0" * 64)))
    assert "digest mismatch" in bad[-1]["error"]


def test_what_a_server_has_not(client: docker_py.DockerClient, server: str) -> None:
    last = build(client, context(f"FROM busybox\nADD {server}/missing /a\n"))[-1]
    assert "ADD failed: invalid response status 404" in last["error"]


def test_a_remote_archive_is_a_context(client: docker_py.DockerClient, server: str) -> None:
    assert _cat(client, _remote(client, f"{server}/context.tar"), "/f") == "1"


def test_a_remote_text_is_a_dockerfile(client: docker_py.DockerClient, server: str) -> None:
    image = client.images.get(_remote(client, f"{server}/Dockerfile"))
    assert "A=remote" in image.attrs["Config"]["Env"]


def test_a_repository_is_a_context(client: docker_py.DockerClient, server: str) -> None:
    assert _cat(client, _remote(client, f"{server}/repo.git"), "/f") == "git"
    image = _remote(client, f"{server}/repo.git#v1:sub")
    assert _cat(client, image, "/g") == "subdirectory"


def test_add_checks_a_repository_out(client: docker_py.DockerClient, server: str) -> None:
    source = f"FROM busybox\nADD {server}/repo.git /r\nADD --keep-git-dir {server}/repo.git /k\n"
    image = image_of(build(client, context(source)))
    assert _cat(client, image, "/r/f") == "git"
    out: bytes = client.containers.run(image, ["sh", "-c", "ls -A /r /k"], remove=True)
    shown = "/k: .git Dockerfile f sub /r: Dockerfile f sub"
    assert out.decode().split() == shown.split()


def test_a_repository_that_is_not_there(client: docker_py.DockerClient, server: str) -> None:
    with pytest.raises(docker_py.errors.APIError, match="failed to fetch remote"):
        _remote(client, f"{server}/none.git")
