"""What a container looks like from within and from the host."""

import functools
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support import busybox
from support.engines import Engine

# Content of a file: text, or a link's target as ("->", target), or None for a directory.
Added = Mapping[str, "bytes | tuple[str, str] | None"]


def run(engine: Engine, *words: str) -> str:
    """What ``docker run --rm WORDS`` prints, without the last line end."""
    return engine.docker("run", "--rm", *words).stdout.rstrip("\n")


def raw(engine: Engine, *words: str, stdin: bytes = b"") -> bytes:
    """What ``docker WORDS`` prints, byte for byte."""
    environment = {**os.environ, "DOCKER_HOST": engine.host, "DOCKER_CONFIG": str(engine.root)}
    done = subprocess.run(
        ["docker", *words], input=stdin, capture_output=True, timeout=60, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def start(engine: Engine, *words: str) -> str:
    """The id of a container that runs in the background."""
    return engine.docker("run", "-d", *words).stdout.strip()


def inspect(engine: Engine, container: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(engine.docker("inspect", container).stdout)[0]
    return found


def pid_of(engine: Engine, container: str) -> int:
    return int(inspect(engine, container)["State"]["Pid"])


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def status_of(pid: int) -> dict[str, str]:
    """The fields of /proc/PID/status."""
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (row.partition(":") for row in rows)}


def descriptors(pid: int) -> dict[int, str]:
    directory = f"/proc/{pid}/fd"
    return {int(fd): os.readlink(f"{directory}/{fd}") for fd in os.listdir(directory)}


@functools.cache
def _base() -> bytes:
    return busybox.rootfs_tar()


def _is_replaced(name: str, added: Added) -> bool:
    return any(name == path or name.startswith(path + "/") for path in added)


def image(engine: Engine, name: str, added: Added) -> str:
    """Import busybox with *added* in the place of what it has there; the image's name."""
    out = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(_base())) as base,
        tarfile.open(fileobj=out, mode="w") as tar,
    ):
        for member in base:
            if not _is_replaced(member.name, added):
                tar.addfile(member, base.extractfile(member) if member.isreg() else None)
        for path, content in added.items():
            _add(tar, path, content)
    file = engine.root / f"{name}.tar"
    file.write_bytes(out.getvalue())
    engine.docker("import", str(file), name)
    file.unlink()
    return name


def _add(tar: tarfile.TarFile, path: str, content: "bytes | tuple[str, str] | None") -> None:
    info = tarfile.TarInfo(path)
    info.mode = 0o755
    if content is None:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
    elif isinstance(content, tuple):
        info.type, info.linkname = tarfile.SYMTYPE, content[1]
        tar.addfile(info)
    else:
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
