"""The CLI on a pseudo-terminal, driven as a person drives it."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence

PROGRAM = [sys.executable, "-c", "import sys; from boxship.cli.main import main; sys.exit(main())"]
SECONDS = 20.0


class Terminal:
    """One command in a session of its own on a terminal of 40 rows and 100 columns."""

    def __init__(self, words: Sequence[str], host: str) -> None:
        self.master, slave = pty.openpty()
        self.resize(40, 100)
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.output = b""
        self.process = subprocess.Popen(
            [*PROGRAM, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "BOXSHIP_HOST": host},
        )

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def expect(self, text: str) -> None:
        """Read until *text* was shown; what was shown up to it is consumed."""
        wanted = text.encode()
        deadline = time.monotonic() + SECONDS
        while wanted not in self.output:
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} was not shown, but {self.output!r}"
            if select.select([self.master], [], [], min(left, 0.2))[0]:
                self.output += os.read(self.master, 4096)
        self.output = self.output.partition(wanted)[2]

    def ends(self) -> int:
        """Wait for the command and return its exit code; the terminal must be as it was."""
        code = self.process.wait(SECONDS)
        assert termios.tcgetattr(self.slave) == self.before, "the terminal was left changed"
        return code

    def is_raw(self) -> bool:
        return not termios.tcgetattr(self.slave)[3] & termios.ICANON

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)
