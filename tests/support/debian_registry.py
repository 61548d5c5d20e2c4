"""Debian's docker-registry in the network namespace of a process."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.requirements import require_tool

PORT = 5000
HOST = f"127.0.0.1:{PORT}"
# bcrypt of "secret"
_HTPASSWD = "me:$2b$04$xSTiuUyYsOjvuzD2AXqT/e/VahdHwkudFNxy7bUhAKM3zaRCjCrCO\n"


@dataclass
class Registry:
    """Serves ``storage`` as 127.0.0.1:PORT to whoever lives beside the process *pid*."""

    pid: int
    host: str

    def curl(self, path: str, *options: str) -> str:
        command = ["nsenter", "-t", str(self.pid), "-n", "curl", "-s", *options]
        done = subprocess.run(
            [*command, f"http://{self.host}{path}"], capture_output=True, text=True, timeout=30
        )
        return done.stdout

    def run(self, *command: str) -> str:
        """What a program prints that runs beside the registry."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-n", *command],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextlib.contextmanager
def registry(
    pid: int, root: Path, *, password: bool = False, port: int = PORT
) -> Iterator[Registry]:
    """A registry beside the process *pid* over ``root/storage``; several may share that."""
    require_tool("docker-registry", "nsenter", "curl")
    config: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(root / "storage")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    if password:
        (root / "htpasswd").write_text(_HTPASSWD)
        config["auth"] = {"htpasswd": {"realm": "here", "path": str(root / "htpasswd")}}
    path = root / f"registry-{pid}-{port}.json"
    path.write_text(json.dumps(config))
    with open(root / "registry.log", "ab") as log:
        process = subprocess.Popen(
            ["nsenter", "-t", str(pid), "-n", "docker-registry", "serve", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    found = Registry(pid, f"127.0.0.1:{port}")
    try:
        for _ in range(200):
            if found.curl("/v2/", "-o", "/dev/null", "-w", "%{http_code}") in ("200", "401"):
                break
            assert process.poll() is None, (root / "registry.log").read_text()[-2000:]
            time.sleep(0.05)
        yield found
    finally:
        process.terminate()
        process.wait(20)
