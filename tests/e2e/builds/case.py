"""One small build: a Dockerfile, the files around it, and flags."""

import io
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class File:
    """*kind*: file, link (*content* is the target) or hard (a second name)."""

    content: str = ""
    mode: int = 0o644
    kind: str = "file"


Content = File | str | bytes


@dataclass(frozen=True)
class Case:
    """*own*: dockerd 26 cannot build it; path to content of what has to be there."""

    name: str
    dockerfile: str
    files: dict[str, Content] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    own: dict[str, str] = field(default_factory=dict)

    def write(self, directory: Path) -> None:
        """Lay the context out; times differ from file to file and are old."""
        (directory / "Dockerfile").write_bytes(self.dockerfile.encode())
        for name, each in self.files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, each)
        for number, path in enumerate(sorted(directory.rglob("*"))):
            os.utime(path, (1_600_000_000 + number, 1_600_000_000 + number), follow_symlinks=False)


def _write(path: Path, each: Content) -> None:
    if isinstance(each, bytes):
        path.write_bytes(each)
    elif isinstance(each, str):
        path.write_text(each)
        path.chmod(0o644)
    elif each.kind == "link":
        path.symlink_to(each.content)
    elif each.kind == "hard":
        os.link(path.parent / each.content, path)
    else:
        path.write_text(each.content)
        path.chmod(each.mode)


def archive(compression: str = "", **members: str) -> bytes:
    """A tar archive of small files, all of user 7."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{compression}") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name.replace("__", "/"))
            info.size, info.mode, info.uid, info.gid = len(content), 0o640, 7, 8
            info.mtime = 1_500_000_000
            tar.addfile(info, io.BytesIO(content.encode()))
    return out.getvalue()


def read_cases(text: str, tree: dict[str, Content]) -> Iterator[Case]:
    """Cases of a text: ``== name``, then ``flags:``, ``with: tree`` or ``own: path "content"``, an
    empty line, the Dockerfile, and other files behind ``-- path``."""
    for block in text.split("\n== "):
        head, _, body = block.removeprefix("== ").partition("\n\n")
        name, *rows = head.splitlines()
        settings = [row.partition(": ")[::2] for row in rows]
        dockerfile, *others = body.rstrip("\n").split("\n-- ")
        files = dict(tree) if ("with", "tree") in settings else {}
        for other in others:
            path, _, content = other.partition("\n")
            files[path] = content + "\n"
        own = dict(value.split(" ", 1) for key, value in settings if key == "own")
        flags = [word for key, value in settings if key == "flags" for word in value.split()]
        yield Case(
            name,
            dockerfile + "\n",
            files,
            tuple(flags),
            {path: json.loads(content) for path, content in own.items()},
        )
