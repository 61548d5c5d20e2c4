"""``boxship manifest`` beside ``docker manifest``: the same files, the same words, the same lists.

Each keeps its lists in a directory of its own; both talk of one registry.
"""

import filecmp
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.debian_registry import Registry, registry
from support.engines import Engine
from support.requirements import require_tool
from support.terminals import PROGRAM

Run = Callable[..., "subprocess.CompletedProcess[str]"]
PORT = 5003
HOST = f"127.0.0.1:{PORT}"
AMD, ARM = f"{HOST}/m/amd:1", f"{HOST}/m/arm:1"
UNKNOWN = "sha256:" + "1" * 64


@pytest.fixture(scope="module")
def served(boxship_daemon: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry with an image for each of two architectures."""
    root = tmp_path_factory.mktemp("manifests")
    boxship_daemon.docker("tag", "busybox", AMD)
    with tarfile.open(root / "x.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("x"), io.BytesIO())
    boxship_daemon.docker("import", "--platform", "linux/arm64", str(root / "x.tar"), ARM)
    with registry(boxship_daemon.pid, root, port=PORT) as found:
        for image in (AMD, ARM):
            boxship_daemon.docker("push", "-q", image)
        boxship_daemon.docker("rmi", AMD, ARM)
        yield found


@pytest.fixture
def ours(boxship_daemon: Engine, served: Registry, tmp_path: Path) -> Run:
    return _runner([*PROGRAM], boxship_daemon.host, tmp_path / "ours")


@pytest.fixture
def theirs(boxship_daemon: Engine, served: Registry, tmp_path: Path) -> Run:
    require_tool("docker")
    enter = ["nsenter", "-t", str(served.pid), "-n", "docker"]
    return _runner(enter, boxship_daemon.host, tmp_path / "theirs")


def _runner(command: list[str], host: str, settings: Path) -> Run:
    def call(*words: str) -> "subprocess.CompletedProcess[str]":
        env = {**os.environ, "DOCKER_HOST": host, "DOCKER_CONFIG": str(settings)}
        return subprocess.run(
            [*command, *words], capture_output=True, text=True, timeout=60, env=env
        )

    return call


def both(ours: Run, theirs: Run, verb: str, *words: str) -> str:
    """What both print, once it is known to be the same."""
    insecure = () if verb in ("annotate", "rm") else ("--insecure",)
    found = [run("manifest", verb, *insecure, *words) for run in (ours, theirs)]
    said = [(done.returncode, done.stdout.strip(), done.stderr.strip()) for done in found]
    assert said[0] == said[1]
    return found[0].stdout


def test_a_list_from_its_beginning_to_its_end(ours: Run, theirs: Run, tmp_path: Path) -> None:
    name = f"{HOST}/m/list:1"
    both(ours, theirs, "create", name, AMD, ARM)
    options = ("--variant", "v8", "--os-version", "10", "--os-features", "a,b")
    both(ours, theirs, "annotate", *options, name, ARM)
    left, right = (
        tmp_path / one / "manifests" / "127.0.0.1-5003_m_list-1" for one in ("ours", "theirs")
    )
    files = sorted(os.listdir(left))
    assert files == sorted(os.listdir(right)) != []
    assert filecmp.cmpfiles(left, right, files, shallow=False) == (files, [], [])
    assert len(json.loads(both(ours, theirs, "inspect", name))["manifests"]) == 2
    both(ours, theirs, "inspect", "-v", name)
    both(ours, theirs, "inspect", name, AMD)
    digest = both(ours, theirs, "push", name).splitlines()[-1]
    both(ours, theirs, "push", "--purge", name)
    assert os.listdir(left.parent) == []
    pushed = json.loads(both(ours, theirs, "inspect", name))
    assert pushed["manifests"][1]["platform"]["variant"] == "v8"
    assert len(json.loads(both(ours, theirs, "inspect", "-v", name))) == 2
    done = ours("image", "inspect", "--remote", name, "--format", "{{json .RepoDigests}}")
    assert json.loads(done.stdout) == [f"{HOST}/m/list@{digest}"]


def test_a_list_is_pulled_for_this_machine(boxship_daemon: Engine, ours: Run) -> None:
    name = f"{HOST}/m/pulled:1"
    ours("manifest", "create", name, ARM, AMD)
    assert ours("manifest", "push", name).returncode == 0
    assert ours("pull", "-q", name).returncode == 0
    done = boxship_daemon.docker("run", "--rm", "--network", "none", name, "echo", "here")
    assert done.stdout == "here\n"
    boxship_daemon.docker("rmi", "-f", name)


def test_one_manifest(ours: Run, theirs: Run) -> None:
    document = json.loads(both(ours, theirs, "inspect", AMD))
    assert document["schemaVersion"] == 2
    digest = json.loads(both(ours, theirs, "inspect", "-v", AMD))["Descriptor"]["digest"]
    both(ours, theirs, "inspect", f"{HOST}/m/amd@{digest}")


def test_an_image_at_a_registry(ours: Run) -> None:
    """It is not here; what is known of it is what its configuration says."""
    done = ours("image", "inspect", "--remote", ARM)
    (found,) = json.loads(done.stdout)
    assert found["Architecture"] == "arm64" and found["RepoTags"] == [ARM]
    assert ours("image", "inspect", ARM).returncode == 1
    missing = ours("image", "inspect", "--remote", f"{HOST}/m/none:1")
    assert missing.returncode == 1 and f"manifest for {HOST}/m/none:1 not found" in missing.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("inspect", f"{HOST}/m/none:1"),
        ("inspect", f"{HOST}/m/none"),
        ("inspect", f"{HOST}/m/amd@{UNKNOWN}"),
        ("inspect", f"{HOST}/m/none:1", AMD),
        ("inspect", ":::"),
        ("create", f"{HOST}/m/x:1", f"{HOST}/m/none:1"),
        ("create", "UPPER", AMD),
        ("create", f"{HOST}/m/x:1", ":::"),
        ("annotate", f"{HOST}/m/none:1", AMD),
        ("annotate", ":::", AMD),
        ("annotate", f"{HOST}/m/none:1", ":::"),
        ("push", f"{HOST}/m/none:1"),
        ("push", "none"),
        ("rm", f"{HOST}/m/none:1", "other"),
    ],
)
def test_failures_read_the_same(ours: Run, theirs: Run, words: tuple[str, ...]) -> None:
    assert both(ours, theirs, *words) == ""


def test_what_a_list_may_not_hold(ours: Run, theirs: Run) -> None:
    name, elsewhere = f"{HOST}/m/may:1", "registry.invalid:5000/m/may:1"
    both(ours, theirs, "create", name, AMD)
    both(ours, theirs, "create", name, AMD)
    both(ours, theirs, "create", "--amend", name, ARM)
    both(ours, theirs, "annotate", "--os", "windows", "--arch", "s390x", name, ARM)
    both(ours, theirs, "create", elsewhere, AMD)
    both(ours, theirs, "push", elsewhere)
    both(ours, theirs, "push", name)
    both(ours, theirs, "rm", name)
    both(ours, theirs, "create", f"{HOST}/m/nested:1", name)
