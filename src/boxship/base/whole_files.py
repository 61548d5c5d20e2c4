"""Small files that are replaced as a whole: who reads one finds the old content or all of the new.

Paths are text, and the calls are the system's: containers have such files written at each start.
"""

import os

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


def replace_file(path: str, content: bytes) -> None:
    """Have *content* at *path*. Not durable: for what need not outlive the machine's power."""
    temporary = f"{path}.new"
    fd = os.open(temporary, _CREATE, 0o644)
    try:
        os.write(fd, content)
    finally:
        os.close(fd)
    os.rename(temporary, path)
