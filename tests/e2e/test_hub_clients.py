"""The real clients against a hub of several processes: docker, Boxship, skopeo and podman."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import busybox
from support.engines import Engine
from support.hub import PASSWORD, RunningHub, digest_of, hub_beside, running_hub
from support.requirements import require_root, require_tool
from support.waiting import eventually


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    require_root()
    with running_hub(Path(tmp_path_factory.mktemp("clients"))) as running:
        yield running


@dataclass
class Side:
    """The docker CLI in front of an engine that has a process of the hub beside it."""

    engine: Engine
    hub: str
    config: Path

    def docker(self, *words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["docker", *words],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            env={
                **os.environ,
                "DOCKER_HOST": self.engine.host,
                "DOCKER_CONFIG": str(self.config),
            },
        )

    def login(self, user: str, password: str) -> "subprocess.CompletedProcess[str]":
        return self.docker("login", "-u", user, "--password-stdin", self.hub, stdin=password)


@pytest.fixture(params=["dockerd", "boxship_daemon"])
def side(request: pytest.FixtureRequest, hub: RunningHub, tmp_path: Path) -> Iterator[Side]:
    engine = request.getfixturevalue(request.param)
    with hub_beside(engine.pid, hub.root) as address:
        yield Side(engine, address, tmp_path)


def test_login_push_and_pull(side: Side, hub: RunningHub) -> None:
    image = f"{side.hub}/alice/{side.engine.name}:v1"
    assert side.docker("tag", "busybox", image).returncode == 0
    assert side.docker("push", image).returncode != 0, "nobody has logged in"
    wrong = side.login("alice", "wrong password")
    assert wrong.returncode != 0 and "unauthorized" in wrong.stderr.lower()
    assert "Login Succeeded" in side.login("alice", PASSWORD).stdout
    pushed = side.docker("push", image)
    assert pushed.returncode == 0, pushed.stderr
    digest = next(w for w in pushed.stdout.split() if w.startswith("sha256:"))
    again = side.docker("push", image)
    assert again.returncode == 0 and "Layer already exists" in again.stdout
    other = f"{side.hub}/alice/{side.engine.name}-copy:v1"
    side.docker("tag", image, other)
    mounted = side.docker("push", other)
    assert mounted.returncode == 0 and "Mounted from" in mounted.stdout
    side.docker("rmi", image, other)
    assert side.docker("pull", image).returncode == 0
    by_digest = f"{image.rpartition(':')[0]}@{digest}"
    assert side.docker("pull", by_digest).returncode == 0
    ran = side.docker("run", "--rm", "--network", "none", image, "echo", "it runs")
    assert ran.stdout == "it runs\n", ran.stderr
    side.docker("rmi", image)

    assert "Login Succeeded" in side.login("bob", PASSWORD).stdout
    assert side.docker("pull", image).returncode != 0, "it is private"
    granted = hub.command("grant", f"alice/{side.engine.name}", "bob", "pull")
    assert granted.returncode == 0, granted.stderr
    assert side.docker("pull", image).returncode == 0
    assert "denied" in side.docker("push", image).stderr
    side.docker("logout", side.hub)
    side.docker("rmi", image)
    assert side.docker("pull", image).returncode != 0, "it is private"
    name = f"alice/{side.engine.name}"
    assert hub.command("repository", "set", name, "--public").returncode == 0
    pulled = side.docker("pull", image)
    assert pulled.returncode == 0, pulled.stderr
    side.docker("rmi", image, by_digest)


def _skopeo(*words: str) -> str:
    done = subprocess.run(["skopeo", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("form", ["oci", "v2s2"])
def test_skopeo_copies_both_ways(hub: RunningHub, tmp_path: Path, form: str) -> None:
    require_tool("skopeo")
    creds = ("--dest-creds", f"alice:{PASSWORD}")
    archive = busybox.write_archive()
    target = f"docker://{hub.host}/alice/skopeo-{form}:v1"
    try:
        source = f"docker-archive:{archive}"
        _skopeo("copy", "--dest-tls-verify=false", *creds, "-f", form, source, target)
    finally:
        archive.unlink()
    plain = ("--tls-verify=false", "--creds", f"alice:{PASSWORD}")
    assert json.loads(_skopeo("list-tags", *plain, target.rpartition(":")[0]))["Tags"] == ["v1"]
    inspected = json.loads(_skopeo("inspect", *plain, target))
    kept = tmp_path / "layout"
    source_creds = ("--src-creds", f"alice:{PASSWORD}")
    _skopeo("copy", "--src-tls-verify=false", *source_creds, target, f"dir:{kept}")
    manifest = json.loads((kept / "manifest.json").read_text())
    assert [layer["digest"] for layer in manifest["layers"]] == inspected["Layers"]
    assert ("oci" in manifest.get("mediaType", "oci")) == (form == "oci")
    _skopeo("delete", *plain, target)
    assert hub.client("alice").ask("GET", f"/v2/alice/skopeo-{form}/tags/list").json["tags"] == []


def test_podman_pushes_pulls_and_runs_a_login(hub: RunningHub, tmp_path: Path) -> None:
    require_tool("podman")
    podman = ["podman", "--root", f"{tmp_path}/p", "--runroot", f"{tmp_path}/r"]
    podman += ["--storage-driver", "vfs", "--events-backend", "none"]
    auth = ("--authfile", f"{tmp_path}/auth.json", "--tls-verify=false")
    image = f"{hub.host}/alice/podman:v1"

    def run(*words: str, stdin: str = "") -> str:
        done = subprocess.run(
            [*podman, *words], input=stdin, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    archive = busybox.write_archive()
    try:
        run("load", "-q", "-i", str(archive))
    finally:
        archive.unlink()
    run("tag", "busybox", image)
    run("login", *auth, "-u", "alice", "--password-stdin", hub.host, stdin=PASSWORD)
    run("push", *auth, image)
    run("rmi", image)
    run("pull", "-q", *auth, image)
    assert "alice/podman" in run("images", image)


def test_a_hub_without_any_capability(tmp_path: Path) -> None:
    """What a user who is not root has: the name of root changes nothing without capabilities."""
    require_tool("setpriv")
    drop = ("setpriv", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs")
    hub = RunningHub(tmp_path / "hub", prefix=drop)
    hub.add_user("alice")
    hub.start()
    try:
        status = Path(f"/proc/{hub.pid}/status").read_text()
        assert "CapEff:\t0000000000000000" in status
        hub.client("alice").push_image("alice/x", "v1", b"layer")
    finally:
        hub.close()


def test_a_process_of_several_that_dies_is_replaced(tmp_path: Path) -> None:
    with running_hub(tmp_path, "--processes", "3", users=("alice",)) as running:

        def children() -> set[int]:
            text = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text()
            return {int(word) for word in text.split()}

        eventually(lambda: len(children()) == 3)
        first = children()
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: len(children() - first) == 3)
        running.client("alice").push_image("alice/x", "v1", b"layer")
        second = children()
        running.kill()
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in second))
        running.start()
        assert running.client("alice").ask("GET", "/v2/alice/x/manifests/v1").status == 200


def test_two_processes_share_everything(hub: RunningHub, tmp_path: Path) -> None:
    """An upload that begins in one process goes on and ends in the other."""
    other = RunningHub(hub.root)
    other.machine_tokens = hub.machine_tokens
    other.start()
    try:
        sides = [hub.client("alice"), other.client("alice")]
        location = sides[0].begin("alice/shared")
        for number in range(6):
            answer = sides[number % 2].ask("PATCH", location, bytes([number]) * 100_000)
            assert answer.headers["range"] == f"0-{(number + 1) * 100_000 - 1}"
        digest = digest_of(b"".join(bytes([number]) * 100_000 for number in range(6)))
        assert sides[0].ask("PUT", f"{location}?digest={digest}").status == 201
        assert sides[1].ask("HEAD", f"/v2/alice/shared/blobs/{digest}").status == 200
    finally:
        other.close()
