"""The ranges of --userns-remap change between two starts of the daemon."""

import io
import signal
import tarfile

from support.engines import REMAPPED_GID, REMAPPED_UID, Engine

_OTHER = 500_000


def _map(engine: Engine, name: str) -> list[str]:
    return engine.docker("exec", name, "cat", "/proc/self/uid_map").stdout.split()


def _archive(name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


def test_each_container_has_one_range_at_a_time(remapped_mortal: Engine) -> None:
    engine = remapped_mortal
    engine.docker("run", "-d", "--name", "old", "-v", "data:/v", "busybox", "sleep", "1000")
    engine.docker("exec", "old", "touch", "/mine", "/v/mine")
    engine.stop(signal.SIGKILL)
    for name in ("subuid", "subgid"):
        owner = "nobody" if name == "subuid" else "nogroup"
        (engine.root / name).write_text(f"{owner}:{_OTHER}:65536\n")
    engine.start()
    # Who runs goes on as he was, and so does what is done for him.
    assert _map(engine, "old") == ["0", str(REMAPPED_UID), "65536"]
    for place in ("/", "/v"):
        engine.docker("cp", "-a", "-", f"old:{place}", stdin=_archive("given"))
    listed = engine.docker("exec", "old", "stat", "-c", "%u:%g", "/mine", "/given", "/v/given")
    assert listed.stdout.split() == ["0:0"] * 3
    # Anew, his files are still his own; those of a volume are of the other range's root, who is
    # nobody to him.
    engine.docker("restart", "-t", "0", "old")
    assert _map(engine, "old") == ["0", str(_OTHER), "65536"]
    listed = engine.docker("exec", "old", "stat", "-c", "%u:%g", "/mine", "/given", "/v/mine")
    assert listed.stdout.split() == ["0:0", "0:0", "65534:65534"]
    assert engine.docker("exec", "old", "touch", "/v/new", check=False).returncode != 0
    place = engine.docker("volume", "inspect", "-f", "{{.Mountpoint}}", "data").stdout.strip()
    found = (engine.root / place).stat()
    assert (found.st_uid, found.st_gid) == (REMAPPED_UID, REMAPPED_GID)
