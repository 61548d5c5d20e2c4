"""The machine's kernel and its disk: Debian, our wheels, the kernel's modules. Built once, kept.

Everything comes from Debian's and Python's package indexes; nothing is installed on this host.
"""

import hashlib
import lzma
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from qemu import initramfs

SUITE = "trixie"
KERNEL = "linux-image-cloud-amd64"
PACKAGES = (
    "python3 docker-cli busybox-static iproute2 kmod procps util-linux ca-certificates "
    "bzip2 xz-utils zstd erofs-utils systemd nftables"
)
# The rest of the development tools would only make the image larger.
TEST_LIBRARIES = ("docker", "hypothesis", "pytest", "pytest-timeout", "websocket-client")
PYTHON = "3.13"
BOOT_MODULES = ("virtio_blk",)
DISK_SIZE = "3G"
_MAKING = "making-"
_CHECKOUT = Path(__file__).parents[2]
_NO_DOCUMENTATION = [f"--dpkgopt=path-exclude=/usr/share/{x}/*" for x in ("doc", "man", "locale")]


@dataclass(frozen=True)
class System:
    """*disk* is never written to: the machine runs on a snapshot of it."""

    kernel: Path
    initramfs: Path
    disk: Path


def cache() -> Path:
    """Where images are kept; may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "boxship", "qemu")


def get() -> System:
    """The system as this checkout wants it, built if it is not there yet (needs root)."""
    home = cache() / _key()
    if not home.exists():
        _build(home)
    return System(home / "vmlinuz", home / "initramfs", home / "disk")


def _libraries() -> list[str]:
    """Requirements of the engine and of its tests."""
    project = tomllib.loads((_CHECKOUT / "pyproject.toml").read_text())["project"]
    wanted = re.compile(rf"({'|'.join(TEST_LIBRARIES)})\b(?!-)")
    tests = [line for line in project["optional-dependencies"]["dev"] if wanted.match(line)]
    return [*project["dependencies"], *tests]


def _key() -> str:
    """Changes with whatever the image is made of, but for newer versions of packages."""
    here = Path(__file__).parent
    recipe = (here / "system.py", here / "initramfs.py", here / "guest" / "init")
    parts = [*_libraries(), *(path.read_text() for path in recipe)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _build(home: Path) -> None:
    print("building the machine's system (some minutes, once)", flush=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=_MAKING) as name:
        work = Path(name)
        made, root, kernel = work / "made", work / "root", work / "kernel"
        made.mkdir()
        _kernel_package(kernel)
        _debian(root)
        _wheels(root)
        _modules(kernel, root)
        _boot_files(kernel, root, made)
        _run("mke2fs", "-q", "-t", "ext4", "-d", root, made / "disk", DISK_SIZE)
        for old in home.parent.iterdir():
            if not old.name.startswith(_MAKING):
                shutil.rmtree(old)
        made.rename(home)


def _run(*command: str | Path, cwd: Path | None = None) -> None:
    subprocess.run([*map(str, command)], check=True, stdin=subprocess.DEVNULL, cwd=cwd)


def _kernel_package(target: Path) -> None:
    """The newest kernel of the meta package, unpacked; this host's own is not touched."""
    target.mkdir()
    shown = subprocess.run(
        ["apt-cache", "depends", "--important", KERNEL], capture_output=True, text=True, check=True
    )
    names = re.findall(r"Depends: (linux-image-\S+)", shown.stdout)
    if not names:
        raise SystemExit(f"apt knows no {KERNEL}: run apt-get update")
    _run("apt-get", "download", "-q", names[0], cwd=target)
    _run("dpkg-deb", "-x", next(target.glob("*.deb")), target)


def _debian(root: Path) -> None:
    include = "--include=" + ",".join(PACKAGES.split())
    quiet = ["--quiet", *_NO_DOCUMENTATION, "--aptopt=Acquire::Retries 5"]
    _run("mmdebstrap", "--mode=root", "--variant=minbase", *quiet, include, SUITE, root)


def _wheels(root: Path) -> None:
    place = root / "usr/local/lib" / f"python{PYTHON}" / "dist-packages"
    place.mkdir(parents=True, exist_ok=True)
    platforms = [f"--platform=manylinux{x}_x86_64" for x in ("2014", "_2_28", "_2_17")]
    options = [f"--python-version={PYTHON}", "--only-binary=:all:", "--no-compile", *platforms]
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    _run(*pip, *options, f"--target={place}", *_libraries())
    (place / "boxship.pth").write_text("/boxship/src\n")
    _run("chroot", root, "python3", "-m", "compileall", "-q", f"/{place.relative_to(root)}")


def _modules(kernel: Path, root: Path) -> None:
    source = next((kernel / "usr/lib/modules").iterdir())
    shutil.copytree(source, root / "usr/lib/modules" / source.name)
    _run("chroot", root, "depmod", source.name)


def _boot_files(kernel: Path, root: Path, made: Path) -> None:
    shutil.copy(next((kernel / "boot").glob("vmlinuz-*")), made / "vmlinuz")
    modules = {}
    for name in BOOT_MODULES:
        packed = next((kernel / "usr/lib/modules").rglob(f"{name}.ko.xz"))
        modules[name] = lzma.decompress(packed.read_bytes())
    init = Path(__file__).with_name("guest") / "init"
    busybox = (root / "bin/busybox").read_bytes()
    (made / "initramfs").write_bytes(initramfs.build(init.read_bytes(), busybox, modules))
