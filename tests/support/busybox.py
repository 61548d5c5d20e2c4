"""A small image out of the host's static busybox, the same bytes each time it is built."""

import functools
import hashlib
import io
import json
import platform
import subprocess
import tarfile
import tempfile
from pathlib import Path

PASSWD = """\
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
guest:x:1000:1000:guest:/home/guest:/bin/sh
nobody:x:65534:65534:nobody:/home:/bin/false
"""
GROUP = """\
root:x:0:
daemon:x:1:
tty:x:5:
disk:x:6:guest
guest:x:1000:
nogroup:x:65534:
"""
_DIRECTORIES = {
    "bin": 0o755,
    "dev": 0o755,
    "etc": 0o755,
    "home": 0o755,
    "home/guest": 0o755,
    "proc": 0o755,
    "root": 0o700,
    "sys": 0o755,
    "tmp": 0o1777,
    "usr": 0o755,
    "usr/sbin": 0o755,
    "var": 0o755,
}
_TEXTS = {
    "etc/passwd": PASSWD,
    "etc/group": GROUP,
    "etc/os-release": "NAME=busybox\n",
    "etc/nsswitch.conf": "passwd: files\n",
}


def _add(tar: tarfile.TarFile, name: str, mode: int, data: bytes | None = None) -> None:
    info = tarfile.TarInfo(name)
    info.mode, info.mtime = mode, 1_700_000_000
    if name == "home/guest":
        info.uid = info.gid = 1000
    if data is None:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
        return
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def _add_link(tar: tarfile.TarFile, name: str, target: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mtime = tarfile.SYMTYPE, target, 1_700_000_000
    tar.addfile(info)


@functools.cache
def rootfs_tar(program: str = "/bin/busybox") -> bytes:
    """The root file system as an uncompressed tar. Needs Debian's busybox-static."""
    listing = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, mode in _DIRECTORIES.items():
            _add(tar, name, mode)
        for name, text in _TEXTS.items():
            _add(tar, name, 0o644, text.encode())
        _add(tar, "bin/busybox", 0o755, Path(program).read_bytes())
        for applet in sorted(set(listing.stdout.split()) - {"busybox"}):
            _add_link(tar, f"bin/{applet}", "busybox")
    return out.getvalue()


def image_archive(reference: str = "busybox:latest") -> bytes:
    """A ``docker load`` archive of one layer: the image ID is the same on every engine."""
    layer = rootfs_tar()
    config = {
        "architecture": {"aarch64": "arm64"}.get(platform.machine(), "amd64"),
        "config": {
            "Cmd": ["sh"],
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        },
        "created": "2024-01-02T03:04:05Z",
        "history": [{"created": "2024-01-02T03:04:05Z", "created_by": "ADD busybox.tar /"}],
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
    }
    raw = json.dumps(config, sort_keys=True).encode()
    name = hashlib.sha256(raw).hexdigest() + ".json"
    manifest = [{"Config": name, "RepoTags": [reference], "Layers": ["layer.tar"]}]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        _add(tar, name, 0o644, raw)
        _add(tar, "layer.tar", 0o644, layer)
        _add(tar, "manifest.json", 0o644, json.dumps(manifest).encode())
    return out.getvalue()


def write_archive(reference: str = "busybox:latest") -> Path:
    """:func:`image_archive` in a temporary file that the caller removes."""
    with tempfile.NamedTemporaryFile(suffix=".tar", delete=False) as file:
        file.write(image_archive(reference))
    return Path(file.name)
