"""The daemon is killed in the middle of pulls and pushes: nothing is corrupt, everything goes on.

BOXSHIP_KILLS says how often; each kill is at another moment of a transfer.
"""

import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boxship.images.platform import host
from support.debian_registry import Registry, registry
from support.engines import Engine
from support.fake_registry import archive
from support.image_archives import Image, docker_archive
from support.requirements import require_tool

KILLS = int(os.environ.get("BOXSHIP_KILLS", "20"))
MB = 1 << 20
ACCEPT = "Accept: application/vnd.docker.distribution.manifest.v2+json"


def _image(chance: random.Random, name: str) -> bytes:
    """An archive of an image of three layers that nobody has had before."""
    layers = [
        archive({f"data/{n}": chance.randbytes(size * MB)}) for n, size in enumerate((1, 4, 9))
    ]
    return docker_archive(Image(layers, [name], host().architecture, {"Cmd": ["true"]}))


@pytest.fixture
def around(mortal: Engine) -> Iterator[Registry]:
    """A registry that outlives the daemon, in a network namespace that both share."""
    require_tool("skopeo")
    mortal.stop()
    script = "ip link set lo up; echo; exec sleep infinity"
    holder = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", script], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    command = mortal.command
    mortal.command = ["nsenter", "-t", str(holder.pid), "-n", *command]
    try:
        with (
            tempfile.TemporaryDirectory(prefix="bx-registry-") as root,
            registry(holder.pid, Path(root)) as found,
        ):
            mortal.start()
            yield found
            mortal.stop()
    finally:
        mortal.command = command
        holder.kill()
        holder.wait()
        holder.stdout.close()


def _interrupted(
    engine: Engine, after: float, *command: str, begun: Callable[[], bool] = lambda: True
) -> None:
    """Run the docker CLI, kill the daemon *after* seconds of that or when it has *begun*, whichever
    is later, and start another one."""
    client = subprocess.Popen(
        ["docker", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DOCKER_HOST": engine.host, "DOCKER_CONFIG": str(engine.root)},
    )
    time.sleep(after)
    while client.poll() is None and not begun():
        time.sleep(0.001)
    engine.stop(signal.SIGKILL)
    client.wait(30)
    engine.start()


def _corrupt(engine: Engine) -> list[str]:
    """Files of the store whose name is not the digest of their content."""
    data = engine.root / "data"
    files = {path: path.name for path in (data / "blobs" / "sha256").iterdir()}
    files |= {path / "layer.tar": path.name for path in (data / "layers" / "sha256").iterdir()}
    return [str(path) for path, name in files.items() if _sha(path.read_bytes()) != name]


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _is_served_whole(found: Registry, name: str, directory: Path) -> bool:
    """Whether every blob of the image at the registry is what its digest says."""
    path = f"/v2/{name}/manifests/v1"
    manifest = json.loads(found.curl(path, "-H", ACCEPT))
    digests = [row["digest"] for row in (manifest["config"], *manifest["layers"])]
    for digest in digests:
        found.curl(f"/v2/{name}/blobs/{digest}", "-o", str(directory / "blob"))
        if f"sha256:{_sha((directory / 'blob').read_bytes())}" != digest:
            return False
    return len(digests) == 4


def _timed(engine: Engine, *command: str) -> float:
    begin = time.monotonic()
    engine.docker(*command)
    return time.monotonic() - begin


@pytest.mark.timeout(1200)
def test_pulls_go_on(mortal: Engine, around: Registry, tmp_path: Path) -> None:
    chance = random.Random(1)
    image = f"{around.host}/k/pull:v1"
    (tmp_path / "image.tar").write_bytes(_image(chance, image))
    source = f"docker-archive:{tmp_path}/image.tar"
    copy = ("skopeo", "copy", "-q", "--dest-tls-verify=false", "--dest-compress")
    around.run(*copy, source, f"docker://{image}")
    whole = _timed(mortal, "pull", image)
    partial = mortal.root / "data" / "partial"
    halves = 0

    def has_begun() -> bool:
        with contextlib.suppress(FileNotFoundError):
            return any(path.stat().st_size for path in partial.iterdir())
        return False

    for number in range(KILLS - KILLS // 2):
        mortal.docker("rmi", "-f", image, check=False)
        for path in partial.iterdir():
            path.unlink()
        after = chance.uniform(0.02, whole)
        if number % 2:
            _interrupted(mortal, after, "pull", image)
        else:
            _interrupted(mortal, 0, "pull", image, begun=has_begun)
        assert _corrupt(mortal) == []
        halves += has_begun()
        mortal.docker("pull", image)
        assert _corrupt(mortal) == []
        assert list(partial.iterdir()) == []
        assert around.host in mortal.docker("images", "--format", "{{.Repository}}").stdout
    assert halves > 0
    mortal.docker("rmi", image)


@pytest.mark.timeout(1200)
def test_pushes_go_on(mortal: Engine, around: Registry, tmp_path: Path) -> None:
    chance = random.Random(2)
    whole = 0.0
    for number in range(1 + KILLS // 2):
        name = f"k/push{number}"
        image = f"{around.host}/{name}:v1"
        (tmp_path / "image.tar").write_bytes(_image(chance, image))
        mortal.docker("load", "-q", "-i", str(tmp_path / "image.tar"))
        if whole:
            _interrupted(mortal, chance.uniform(0.02, whole), "push", image)
        whole = whole or _timed(mortal, "push", image)
        mortal.docker("push", image)
        assert _corrupt(mortal) == []
        assert _is_served_whole(around, name, tmp_path)
        mortal.docker("rmi", image)
