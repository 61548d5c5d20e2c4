"""A shell in a window of tmux, driven by keys and read from the screen as a person reads it."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SECONDS = 20.0
PROMPT = "ready$"
BOXSHIP = str(Path(sys.prefix) / "bin" / "boxship")


class Window:
    """100 columns, 30 rows; ``boxship`` in it talks to the daemon at *host*."""

    def __init__(self, directory: Path, host: str) -> None:
        self._server = ["tmux", "-S", str(directory / "tmux"), "-f", "/dev/null"]
        environment = {
            "BOXSHIP_HOST": host,
            "DOCKER_CONFIG": str(directory),
            "PATH": f"{Path(BOXSHIP).parent}:{os.environ['PATH']}",
            "PS1": f"{PROMPT} ",
            "TERM": "screen-256color",
        }
        shell = ["env", "-i", *(f"{k}={v}" for k, v in environment.items()), "sh", "-i"]
        self._asked = 0
        self._tmux("new-session", "-d", "-x", "100", "-y", "30", shlex.join(shell))
        self.expect(PROMPT)

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            [*self._server, *words], capture_output=True, text=True, timeout=SECONDS
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def keys(self, *names: str) -> None:
        """Press keys by tmux's names: ``Enter``, ``C-c``."""
        self._tmux("send-keys", *names)

    def type(self, line: str) -> None:
        """A line, and Enter."""
        self._tmux("send-keys", "-l", line)
        self.keys("Enter")

    def screen(self, *, colours: bool = False) -> str:
        return self._tmux("capture-pane", "-p", *(["-e"] if colours else []))

    def wait(self, fits: Callable[[str], bool]) -> str:
        """The screen once it *fits*."""
        deadline = time.monotonic() + SECONDS
        while not fits(screen := self.screen()):
            assert time.monotonic() < deadline, f"the screen stayed:\n{screen}"
            time.sleep(0.05)
        return screen

    def expect(self, text: str) -> str:
        return self.wait(lambda screen: text in screen)

    def resize(self, columns: int, rows: int) -> None:
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def process(self, name: str) -> int:
        """The process id of the program *name* that runs in the foreground."""
        shell = self._tmux("display-message", "-p", "#{pane_pid}").strip()
        found = subprocess.run(["pgrep", "-P", shell, "-f", name], capture_output=True, text=True)
        return int(found.stdout.split()[0])

    def is_usual(self) -> bool:
        """Whether the shell's terminal echoes and edits lines; the shell must be waiting."""
        self._asked += 1
        mark = f"modes-{self._asked}:"
        modes = "stty -a | tr -s ' ;' '\\n' | grep -cxE 'icanon|echo|isig|opost'"
        self.type(f"{modes} | sed 's/^/{mark}/'")
        screen = self.wait(lambda screen: any(f"{mark}{n}" in screen for n in range(5)))
        return f"{mark}4" in screen

    def close(self) -> None:
        self._tmux("kill-server")
