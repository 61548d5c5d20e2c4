"""Archives, their indexes, and the trees that both show."""

import hashlib
import os
import random
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from boxship.archive.entry import Entry, Kind
from boxship.archive.erofs import IndexBuilder, IndexStats
from boxship.archive.reader import TarReader
from boxship.archive.writer import TarWriter
from boxship.kernel import mount

Members = list[tuple[Entry, bytes]]


def write_tar(path: Path, members: Members) -> None:
    with open(path, "wb") as file:
        writer = TarWriter(file.write)
        for entry, data in members:
            writer.add(entry, [data])
        writer.close()


def index(tar: Path, layer: bool = False) -> tuple[Path, IndexStats]:
    """Index *tar* beside it and let fsck.erofs look at the result."""
    out = tar.with_suffix(".index")
    builder = IndexBuilder(layer=layer)
    with open(tar, "rb") as file, open(out, "wb") as target:
        for entry in TarReader(file.read):
            builder.add(entry)

        def read_at(offset: int, length: int) -> bytes:
            return os.pread(file.fileno(), length, offset)

        stats = builder.write(target, tar.stat().st_size, read_at)
    assert out.stat().st_size == stats.size
    fsck = subprocess.run(["fsck.erofs", f"--device={tar}", out], capture_output=True, text=True)
    assert fsck.returncode == 0 and "error" not in fsck.stderr.lower(), fsck.stderr
    return out, stats


@contextmanager
def mounted(image: Path, data: Path) -> Iterator[Path]:
    point = image.with_suffix(".mnt")
    point.mkdir(exist_ok=True)
    mount.mount(str(image), str(point), "erofs", mount.MS_RDONLY, f"device={data}")
    try:
        yield point
    finally:
        mount.unmount(str(point))


@contextmanager
def overlaid(*lower: Path) -> Iterator[Path]:
    """An overlay of read-only layers, topmost first."""
    point = lower[0].with_suffix(".merged")
    point.mkdir()
    layers = ":".join(map(str, lower))
    options = f"lowerdir={layers},index=off,redirect_dir=off,metacopy=off"
    mount.mount("overlay", str(point), "overlay", mount.MS_RDONLY, options)
    try:
        yield point
    finally:
        mount.unmount(str(point))


def extracted(tar: Path) -> Path:
    target = tar.with_suffix(".tree")
    target.mkdir()
    flags = [
        "--xattrs",
        "--xattrs-include=*",
        "--same-owner",
        "--numeric-owner",
        "--delay-directory-restore",
    ]
    subprocess.run(["tar", "-C", target, *flags, "-xpf", tar], check=True)
    return target


Facts = dict[str, tuple[object, ...]]


def facts(root: Path, content: Callable[[Path], object] | None = None) -> Facts:
    """Everything that stat, readlink, listxattr and read say about each name below *root*."""
    found: Facts = {}
    for directory, folders, files in os.walk(os.fsencode(root)):
        for name in [b"", *folders, *files]:
            path = Path(os.fsdecode(os.path.join(directory, name)))
            if name == b"" and path != root / "":
                continue
            found[os.path.relpath(path, root)] = _facts(path, content or _digest)
    return found


def _facts(path: Path, content: Callable[[Path], object]) -> tuple[object, ...]:
    status = path.lstat()
    kind = stat.S_IFMT(status.st_mode)
    xattrs = {
        name: os.getxattr(path, name, follow_symlinks=False)
        for name in os.listxattr(path, follow_symlinks=False)
    }
    links = status.st_nlink if kind != stat.S_IFDIR else len(next(os.walk(path))[1]) + 2
    return (
        oct(status.st_mode),
        (status.st_uid, status.st_gid),
        status.st_mtime_ns,
        links,
        status.st_rdev,
        status.st_size if kind != stat.S_IFDIR else 0,
        os.readlink(path) if kind == stat.S_IFLNK else None,
        content(path) if kind == stat.S_IFREG else None,
        sorted(xattrs.items()),
    )


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


ACL = b"\2\0\0\0" + b"".join(
    tag.to_bytes(2, "little") + perm.to_bytes(2, "little") + who.to_bytes(4, "little")
    for tag, perm, who in [
        (1, 6, 0xFFFFFFFF),
        (2, 4, 1234),
        (4, 4, 0xFFFFFFFF),
        (16, 6, 0xFFFFFFFF),
        (32, 0, 0xFFFFFFFF),
    ]
)
CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")


def assorted() -> Members:
    rng = random.Random(1)
    when = 1_700_000_000_123_456_789
    blob = rng.randbytes(3_000_001)
    members: Members = [
        (Entry(b"", Kind.DIR, 0o755, mtime=when), b""),
        (Entry(b"bin", Kind.DIR, 0o1777, 1000, 100_000, mtime=when + 1), b""),
        (Entry(b"bin/su", Kind.FILE, 0o6755, 70_000, 4_000_000_000, when, 9), b"x" * 9),
        (Entry(b"bin/hard", Kind.HARDLINK, link=b"bin/su"), b""),
        (Entry(b"hard-too", Kind.HARDLINK, link=b"bin/su"), b""),
        (Entry(b"empty", Kind.FILE, 0o600, mtime=-1_500_000_000), b""),
        (Entry(b"big", Kind.FILE, 0o644, mtime=4_000_000_000 * 10**9, size=len(blob)), blob),
        (Entry(b"pipe", Kind.FIFO, 0o622), b""),
        (Entry(b"null", Kind.CHAR, 0o666, major=1, minor=3), b""),
        (Entry(b"disk", Kind.BLOCK, 0o660, major=259, minor=70_000), b""),
        (Entry(b"no-permission", Kind.FILE, 0, size=1), b"1"),
    ]
    for size in (1, 100, 350, 420, 448, 449, 511, 512, 513, 1500, 4095):
        target = rng.randbytes(size).replace(b"\0", b"x")
        members.append((Entry(b"link%d" % size, Kind.SYMLINK, 0o777, 5, 6, when, link=target), b""))
    for size in (1, 511, 512, 513, 4095, 4096, 4097, 65_536):
        data = rng.randbytes(size)
        members.append((Entry(b"file%d" % size, Kind.FILE, 0o444, size=size), data))
    deep = b""
    for _ in range(15):
        deep += b"/" * bool(deep) + b"d" * 200
        members.append((Entry(deep, Kind.DIR, 0o755), b""))
    members.append((Entry(deep + b"/" + b"n" * 255, Kind.FILE, size=3), b"abc"))
    attributes = {
        "user.short": b"1",
        "user.empty": b"",
        "user.long": rng.randbytes(1500),
        "trusted.t": b"\0\1",
        "security.capability": CAPABILITY,
        "system.posix_acl_access": ACL,
    }
    members += [
        (Entry(b"attributes", Kind.FILE, 0o660, size=600, xattrs=attributes), b"a" * 600),
        (Entry(b"attributes.d", Kind.DIR, 0o660, xattrs=dict(attributes)), b""),
    ]
    for count, length in ((2, 255), (40, 3), (41, 20), (300, 17)):
        folder = b"dir-%d-%d" % (count, length)
        members.append((Entry(folder, Kind.DIR, 0o755), b""))
        for i in range(count):
            name = (b"!%d" % i if i % 2 else b"n%d" % i).ljust(length, b"_")
            members.append((Entry(folder + b"/" + name, Kind.FILE, size=1), b"%d" % (i % 10)))
    return members
