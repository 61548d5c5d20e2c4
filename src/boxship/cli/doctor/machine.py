"""Reading a machine without changing it: files below a root directory, and nothing else."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Machine:
    """*root* is ``/`` but for tests; *search* are the directories of programs."""

    def __init__(self, root: str = "/", search: tuple[str, ...] = ()) -> None:
        self._root = root.rstrip("/")
        self._search = search or tuple(os.environ.get("PATH", os.defpath).split(":"))

    def path(self, path: str) -> str:
        return self._root + path

    def read(self, path: str) -> str:
        """The file's text without blank ends; "" where it cannot be read."""
        return self.read_bytes(path).decode("utf-8", "replace").strip()

    def read_bytes(self, path: str) -> bytes:
        try:
            with open(self.path(path), "rb") as file:
                return file.read()
        except OSError:
            return b""

    def number(self, path: str, otherwise: int = 0) -> int:
        text = self.read(path)
        return int(text) if text.lstrip("-").isdigit() else otherwise

    def exists(self, path: str) -> bool:
        return os.path.exists(self.path(path))

    def names(self, path: str) -> list[str]:
        try:
            return sorted(os.listdir(self.path(path)))
        except OSError:
            return []

    def program(self, name: str) -> str:
        """Where the program is, or ""."""
        paths = (f"{directory}/{name}" for directory in self._search)
        return next((path for path in paths if os.access(self.path(path), os.X_OK)), "")

    def kernel(self) -> str:
        return self.read("/proc/sys/kernel/osrelease")

    def kernel_at_least(self, major: int, minor: int) -> bool:
        return kernel_version(self.kernel()) >= (major, minor)

    def mounts(self) -> Iterator[tuple[str, str, str]]:
        """Mount point, type and options of the superblock (proc_pid_mountinfo(5))."""
        for line in self.read("/proc/self/mountinfo").splitlines():
            fields, _, rest = line.partition(" - ")
            kind, _, options = rest.split(" ", 2)
            yield _unescaped(fields.split(" ")[4]), kind, options

    def has_file_system(self, name: str) -> bool:
        """Whether the kernel has it, or would load its module."""
        if name in self.read("/proc/filesystems").split():
            return True
        modules = f"/lib/modules/{self.kernel()}"
        return any(
            f"/{name}.ko" in self.read(f"{modules}/{file}")
            for file in ("modules.dep", "modules.builtin")
        )


def kernel_version(release: str) -> tuple[int, int]:
    """``6.12.1-amd64`` as (6, 12); zeros where it is none."""
    parts = release.replace("-", ".").split(".")
    if len(parts) < 2 or not (parts[0].isdigit() and parts[1].isdigit()):
        return 0, 0
    return int(parts[0]), int(parts[1])


def _unescaped(path: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, character)
    return path
