"""The files of a cgroup directory. Plain descriptor calls: they are on the path of every start."""

import os

_READ = os.O_RDONLY | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CLOEXEC
_CHUNK = 65536


def read(directory: str, name: str) -> str:
    """The whole file, without the last line's end."""
    fd = os.open(f"{directory}/{name}", _READ)
    try:
        data = os.read(fd, _CHUNK)
        while part := os.read(fd, _CHUNK):
            data += part
    finally:
        os.close(fd)
    return data.decode().rstrip("\n")


def read_or(directory: str, name: str, default: str) -> str:
    """Like :func:`read`; *default* where the kernel or the mount has no such file."""
    try:
        return read(directory, name)
    except OSError:
        return default


class Refused(OSError):
    """The kernel does not take *value*; as text it says so in runc's words."""

    def __init__(self, error: OSError, path: str, value: str) -> None:
        super().__init__(error.errno, error.strerror, path)
        self.value = value

    def __str__(self) -> str:
        reason = str(self.strerror).lower()
        return f'failed to write "{self.value}": write {self.filename}: {reason}'


def write(directory: str, name: str, *values: str) -> None:
    """Each value is one write(2), as the kernel's parsers want it. :class:`Refused`."""
    path = f"{directory}/{name}"
    fd = os.open(path, _WRITE)
    value = ""
    try:
        for value in values:
            os.write(fd, value.encode())
    except OSError as error:
        raise Refused(error, path, value) from None
    finally:
        os.close(fd)


def exists(directory: str, name: str) -> bool:
    return os.access(f"{directory}/{name}", os.F_OK)


def open_for_write(directory: str, name: str) -> int:
    return os.open(f"{directory}/{name}", _WRITE)


def table(text: str) -> dict[str, int]:
    """``key number`` lines; others are left out."""
    rows = (line.split() for line in text.splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def number(text: str, unlimited: int) -> int:
    """A limit or counter; ``max`` is *unlimited*."""
    text = text.strip()
    return int(text) if text.lstrip("-").isdigit() else unlimited
