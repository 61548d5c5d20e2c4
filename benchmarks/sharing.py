"""How long it takes to fetch and send an image of 10,000 files and 200 MB, by Debian's
docker-registry on the same machine, and the memory that it takes to fetch two gigabytes."""

import contextlib
import functools
import gzip
import hashlib
import io
import json
import random
import statistics
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from isal import igzip

from benchmarks.archives import _directory
from benchmarks.figure import Figure, seconds
from benchmarks.memory import _rollup, _tree
from support.debian_registry import Registry, registry
from support.engines import Engine
from support.plain_http import Client

LAYERS = 10
LAYER = 200_000_000
_PIECE = 1_000_000
_TIMES = 25
_SAMPLE_SECONDS = 0.05
_NAME = "bench/image"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@functools.cache
def _storage(name: str) -> "tempfile.TemporaryDirectory[str]":
    """A registry's content, the same for both engines; removed when the process ends."""
    return tempfile.TemporaryDirectory(prefix=f"bench-{name}-")


@contextlib.contextmanager
def _filled(engine: Engine) -> Iterator[Registry]:
    """A registry beside *engine* that has the image, compressed as gzip does by default."""
    root = Path(_storage("image").name)
    with registry(engine.pid, root) as found:
        if "v1" not in found.curl(f"/v2/{_NAME}/tags/list"):
            source = f"docker-archive:{_directory().name}/image.tar"
            target = f"docker://{found.host}/{_NAME}:v1"
            copy = ("skopeo", "copy", "--dest-tls-verify=false", "--dest-compress", source, target)
            enter = ("nsenter", "-t", str(engine.pid), "-n")
            subprocess.run([*enter, *copy], check=True, capture_output=True, timeout=300)
        yield found


@contextlib.contextmanager
def _empty(engine: Engine) -> Iterator[Registry]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-registry-") as root,
        registry(engine.pid, Path(root), port=5001) as found,
    ):
        yield found


def _times(engine: Engine, image: str, *command: str, times: int = 3) -> float:
    """The best of several runs, *image* being removed after each."""
    taken = []
    for _ in range(times):
        taken.append(seconds(lambda: engine.docker(*command, timeout=300)))
        engine.docker("rmi", "-f", image, timeout=300)
    return min(taken)


def pull(engine: Engine) -> float:
    with _filled(engine) as found:
        image = f"{found.host}/{_NAME}:v1"
        return _times(engine, image, "pull", image)


def _blobs(found: Registry) -> list[str]:
    text = found.curl(f"/v2/{_NAME}/manifests/v1", "-H", f"Accept: {_DOCKER_MANIFEST}")
    return [layer["digest"] for layer in json.loads(text)["layers"]]


def _inflate(found: Registry) -> float:
    """``gzip -dc`` of the layers to a file."""
    with tempfile.TemporaryDirectory(prefix="bench-inflate-") as root:
        for digest in _blobs(found):
            where = f"{root}/{digest}"
            found.curl(f"/v2/{_NAME}/blobs/{digest}", "-L", "-o", where)
        script = f"gzip -dc {root}/sha256* > {root}/plain"
        return min(
            seconds(lambda: subprocess.run(["sh", "-c", script], check=True)) for _ in range(3)
        )


def pull_by_inflating(engine: Engine) -> float:
    """How many times as long a pull takes as plain ``gzip -dc``."""
    with _filled(engine) as found:
        image = f"{found.host}/{_NAME}:v1"
        return _times(engine, image, "pull", image) / _inflate(found)


def pull_present(engine: Engine) -> float:
    """All layers are here, the name is not. Asked for without the docker program, which alone takes
    longer."""
    with _filled(engine) as found:
        image = f"{found.host}/{_NAME}:v1"
        engine.docker("pull", image, timeout=300)
        engine.docker("tag", image, "bench-keep")
        taken = []
        path = f"/images/create?fromImage={found.host}/{_NAME}&tag=v1"
        try:
            with Client(engine.socket) as client:
                for _ in range(_TIMES):
                    engine.docker("rmi", image)
                    taken.append(seconds(lambda: client.raw("POST", path)))
            return statistics.median(taken)
        finally:
            engine.docker("rmi", "-f", "bench-keep", image, timeout=300)


def push_born_here(engine: Engine) -> float:
    engine.docker("load", "-i", f"{_directory().name}/image.tar", timeout=300)
    return _push(engine, "bench-load")


def push_pulled(engine: Engine) -> float:
    """To a registry that has none of it."""
    with _filled(engine) as found:
        image = f"{found.host}/{_NAME}:v1"
        engine.docker("pull", image, timeout=300)
        return _push(engine, image)


def _push(engine: Engine, image: str) -> float:
    with _empty(engine) as found:
        target = f"{found.host}/bench/pushed:v1"
        engine.docker("tag", image, target)
        try:
            return seconds(lambda: engine.docker("push", target, timeout=300))
        finally:
            engine.docker("rmi", "-f", target, image, timeout=300)


def _layer(number: int) -> bytes:
    """The compressed archive of one file of 200 MB that compresses by half."""
    chance = random.Random(number)
    half = chance.randbytes(_PIECE // 2) + bytes(_PIECE // 2)
    head = tarfile.TarInfo(f"data/{number}")
    head.size = LAYER
    packed = io.BytesIO()
    with igzip.IGzipFile(fileobj=packed, mode="wb", compresslevel=1, mtime=0) as file:
        file.write(head.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(LAYER // _PIECE):
            file.write(half)
        file.write(bytes(-LAYER % 512 + 1024))
    return packed.getvalue()


def _put(found: Registry, root: Path, data: bytes) -> dict[str, object]:
    """Have the registry keep *data*; its digest and size."""
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    (root / "body").write_bytes(data)
    begun = found.curl("/v2/bench/ten/blobs/uploads/", "-X", "POST", "-D", "-", "-o", "/dev/null")
    lines = begun.splitlines()
    location = next(line[10:].strip() for line in lines if line.lower().startswith("location:"))
    url = f"{location.partition(found.host)[2]}&digest={digest}"
    found.curl(url, "-X", "PUT", "-T", str(root / "body"))
    return {"digest": digest, "size": len(data)}


def _fill_with_ten(found: Registry, root: Path) -> None:
    rows, diff_ids = [], []
    for number in range(LAYERS):
        packed = _layer(number)
        plain = hashlib.sha256()
        with gzip.open(io.BytesIO(packed)) as file:
            while piece := file.read(1 << 20):
                plain.update(piece)
        diff_ids.append(f"sha256:{plain.hexdigest()}")
        rows.append({"mediaType": _LAYER, **_put(found, root, packed)})
    config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["true"]}}
    config["rootfs"] = {"type": "layers", "diff_ids": diff_ids}
    row = {"mediaType": _CONFIG, **_put(found, root, json.dumps(config).encode())}
    manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": row, "layers": rows}
    (root / "body").write_text(json.dumps(manifest))
    kind = f"Content-Type: {_MANIFEST}"
    found.curl("/v2/bench/ten/manifests/v1", "-X", "PUT", "-H", kind, "-T", str(root / "body"))


def _peak(engine: Engine, action: Callable[[], object]) -> float:
    """The most memory (proportional bytes) that the engine's processes have during *action*."""
    most, over = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(_SAMPLE_SECONDS):
            with contextlib.suppress(OSError, StopIteration):
                most = max(most, sum(_rollup(pid, "Pss") for pid in _tree(engine.pid)))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        action()
    finally:
        over.set()
        watching.join()
    return most


def memory(engine: Engine) -> float:
    root = Path(_storage("ten").name)
    with registry(engine.pid, root) as found:
        if "v1" not in found.curl("/v2/bench/ten/tags/list"):
            _fill_with_ten(found, root)
        image = f"{found.host}/bench/ten:v1"
        try:
            return _peak(engine, lambda: engine.docker("pull", image, timeout=600))
        finally:
            engine.docker("rmi", "-f", image, timeout=300)


FIGURES = [
    Figure("pull 10,000 files + 200 MB", pull, 0.1),
    Figure("pull over gzip -dc of its layers", pull_by_inflating, unit="x", ceiling=2.0),
    Figure("pull, all layers present", pull_present, 0.5),
    Figure("push an image born here", push_born_here, 0.3),
    Figure("push an image pulled before", push_pulled, 0.1),
    Figure("memory, pulling ten layers", memory, unit="MB", ceiling=150e6),
]
