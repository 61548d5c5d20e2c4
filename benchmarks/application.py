"""A real application's image: Debian with a compiler and a web framework, and the program.

The base, packages and wheels are fetched once, from Debian's archive and the index of Python's
packages, and kept in the user's cache. What is measured fetches nothing: packages and wheels are
in the context, so that the time goes where it does in real builds, to dpkg, pip and many files.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_SUITE = "trixie"
_PYTHON = "3.13"
_FRAMEWORK = "flask"
_COMPILER = ["gcc", "libc6-dev"]
_FIELDS = ("Package", "Version", "Architecture", "Multi-Arch", "Depends", "Pre-Depends")
_RELATIONS = ("Provides", "Conflicts", "Breaks", "Replaces", "Essential", "Priority", "Section")
_KEPT_OUT = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale")]
BASE = "bench-debian"
_DOCKERFILE = f"""FROM {BASE}
RUN --mount=type=bind,source=packages,target=/packages \\
    echo 'deb [trusted=yes] file:/packages ./' > /etc/apt/sources.list.d/here.list \\
    && rm -f /etc/apt/sources.list.d/debian* /etc/apt/sources.list \\
    && apt-get update -q && apt-get install -qy --no-install-recommends {" ".join(_COMPILER)}
RUN --mount=type=bind,source=wheels,target=/wheels \\
    pip install -q --break-system-packages --no-index --find-links /wheels {_FRAMEWORK}
WORKDIR /app
COPY app .
RUN gcc -O2 -shared -fPIC -o fast.so fast.c && python3 -c 'import app'
CMD ["flask", "run"]
"""
_APP = """import ctypes
from flask import Flask
app = Flask(__name__)
fast = ctypes.CDLL("./fast.so")
@app.get("/")
def index() -> str:
    return str(fast.answer())
"""
_FAST = "int answer(void) { return 42; }\n"


def prepared() -> Path:
    """A directory with ``base.tar`` and a ``context``; it takes some minutes, once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "") or Path.home() / ".cache")
    text = Path(__file__).read_bytes()
    home = cache / "boxship" / "bench" / hashlib.sha256(text).hexdigest()[:16]
    if home.is_dir():
        return home
    print("fetching an application's packages (some minutes, once)", file=sys.stderr, flush=True)
    shutil.rmtree(home.parent, ignore_errors=True)
    home.parent.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as name:
        work, root = Path(name) / "made", Path(name) / "root"
        context = work / "context"
        for directory in (context / "packages", context / "wheels", context / "app", root):
            directory.mkdir(parents=True)
        _debian(work / "base.tar")
        _packages(work / "base.tar", root, context / "packages")
        _wheels(context / "wheels")
        (context / "Dockerfile").write_text(_DOCKERFILE)
        (context / "app" / "app.py").write_text(_APP)
        (context / "app" / "fast.c").write_text(_FAST)
        work.rename(home)
    return home


def _run(*command: str | Path) -> str:
    done = subprocess.run(
        [*map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True
    )
    return done.stdout.decode()


def _debian(target: Path) -> None:
    include = "--include=python3,python3-pip"
    _run("mmdebstrap", "--quiet", "--variant=apt", *_KEPT_OUT, include, _SUITE, target)


def _packages(base: Path, root: Path, target: Path) -> None:
    """What the compiler needs beyond *base*, and an index of it."""
    _run("tar", "-xf", base, "-C", root)
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    _run("chroot", root, "apt-get", "update", "-q")
    quiet = ["-qy", "--no-install-recommends", "--download-only"]
    _run("chroot", root, "apt-get", "install", *quiet, *_COMPILER)
    rows = []
    for package in sorted((root / "var/cache/apt/archives").glob("*.deb")):
        name = package.name.replace("%3a", "_")
        shutil.move(package, target / name)
        fields = _run("dpkg-deb", "-f", target / name, *_FIELDS, *_RELATIONS)
        data = (target / name).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        rows.append(f"{fields}Filename: ./{name}\nSize: {len(data)}\nSHA256: {digest}\n")
    (target / "Packages").write_text("\n".join(rows))


def _wheels(target: Path) -> None:
    platforms = [f"--platform=manylinux{each}_x86_64" for each in ("2014", "_2_17", "_2_28")]
    options = ["--only-binary=:all:", f"--python-version={_PYTHON}", *platforms]
    _run(sys.executable, "-m", "pip", "download", "-q", *options, "-d", target, _FRAMEWORK)
