"""Engines under test: a daemon, its private directories and the docker CLI pointed at it.

Each daemon owns one short temporary directory (a socket path must stay under 108 bytes) and a
network namespace, so that several run side by side and a leak is attributable.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from support import busybox, leaks

if TYPE_CHECKING:
    from boxship.network.namespace import Namespace

START_SECONDS = 30.0
STOP_SECONDS = 30.0


@dataclass
class Engine:
    """A running daemon. ``root`` holds everything that it owns and goes away with it."""

    name: str
    root: Path
    command: list[str]
    ready_fd: bool
    unshare: Sequence[str] = ("--net",)
    prelude: str = "ip link set lo up"
    process: "subprocess.Popen[bytes] | None" = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def socket(self) -> Path:
        return self.root / "d.sock"

    @property
    def host(self) -> str:
        return f"unix://{self.socket}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def log(self) -> str:
        """What the daemon printed so far."""
        path = self.root / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start the daemon and return when it listens; fails with its log otherwise."""
        reader, writer = os.pipe()
        command = [*self.command, *(["--ready-fd", str(writer)] if self.ready_fd else [])]
        script = f'{self.prelude}; exec "$@"'
        with open(self.root / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["unshare", *self.unshare, "sh", "-c", script, "sh", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[writer],
                env={**os.environ, **self.environment},
            )
        os.close(writer)
        with open(reader, "rb") as pipe:
            if self.ready_fd:
                pipe.read(1)
        self._await_socket()

    def _await_socket(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            if self.socket.exists() and self.docker("version", check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise AssertionError(f"{self.name} did not start:\n{self.log()[-4000:]}")

    def stop(self, sig: signal.Signals = signal.SIGTERM) -> None:
        """Signal the daemon and reap it; a daemon that outlives its grace is killed and fails."""
        if self.process is None:
            return
        self.process.send_signal(sig)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not stop:\n{self.log()[-4000:]}") from None
        finally:
            self.process = None

    def docker(
        self,
        *arguments: str,
        check: bool = True,
        stdin: bytes | str | None = None,
        timeout: float = 60.0,
    ) -> "subprocess.CompletedProcess[str]":
        """Run the docker CLI against this engine; *check* fails the test on a non-zero exit."""
        data = stdin.decode("latin-1") if isinstance(stdin, bytes) else stdin
        done = subprocess.run(
            ["docker", *arguments],
            input="" if data is None else data,
            capture_output=True,
            encoding="latin-1",
            timeout=timeout,
            env={**os.environ, "DOCKER_HOST": self.host, "DOCKER_CONFIG": str(self.root)},
        )
        if check and done.returncode:
            raise AssertionError(f"docker {arguments}: {done.returncode}\n{done.stderr}")
        return done

    def load_busybox(self) -> None:
        """Make the image ``busybox`` present."""
        archive = busybox.write_archive()
        try:
            self.docker("load", "-i", str(archive))
        finally:
            archive.unlink()

    def remove_containers(self) -> None:
        """Force-remove every container."""
        ids = self.docker("ps", "-aq", "--no-trunc").stdout.split()
        if ids:
            self.docker("rm", "-f", *ids)


def dockerd(root: Path) -> Engine:
    """Debian's dockerd over *root*, with its own containerd, bridge included."""
    command = ["dockerd", "--data-root", f"{root}/data", "--exec-root", f"{root}/exec"]
    command += ["-H", f"unix://{root}/d.sock", "--pidfile", f"{root}/pid"]
    command += ["--iptables=false", "--ip6tables=false", "--config-file", f"{root}/daemon.json"]
    (root / "daemon.json").write_text("{}")
    return Engine("dockerd", root, command, ready_fd=False, unshare=("--net", "--mount"))


def dockerd_with_rules(root: Path) -> Engine:
    """The same with the rules of iptables that it makes by default."""
    made = dockerd(root)
    made.command = [word for word in made.command if "tables=false" not in word]
    return made


def boxship(root: Path, options: Sequence[str] = ()) -> Engine:
    """This checkout's daemon over *root*."""
    command = [sys.executable, "-m", "boxship.daemon", "--data-root", f"{root}/data"]
    command += ["--exec-root", f"{root}/exec", "-H", f"unix://{root}/d.sock"]
    command += ["--pidfile", f"{root}/pid", "--cgroup-parent", f"/{root.name}", *options]
    return Engine("boxship", root, command, ready_fd=True)


#: The first of the users and groups that containers of :func:`remapped` have on the host.
REMAPPED_UID, REMAPPED_GID = 200_000, 300_000


def remapped(root: Path) -> Engine:
    """As :func:`boxship`, with containers in user namespaces."""
    (root / "subuid").write_text(f"nobody:{REMAPPED_UID}:65536\n")
    (root / "subgid").write_text(f"nogroup:{REMAPPED_GID}:65536\n")
    engine = boxship(root, ["--userns-remap", "nobody:nogroup"])
    engine.unshare = ("--net", "--mount")
    binds = [f"mount --bind {root}/{name} /etc/{name}" for name in ("subuid", "subgid")]
    engine.prelude = "; ".join([engine.prelude, *binds])
    return engine


def beneath_shared_root(root: Path) -> Engine:
    """As :func:`boxship`, where every mount is shared, as systemd leaves them."""
    engine = boxship(root)
    engine.unshare = ("--net", "--mount", "--propagation", "shared")
    return engine


_KINDS = {
    "dockerd": dockerd,
    "dockerd_with_rules": dockerd_with_rules,
    "boxship": boxship,
    "remapped": remapped,
    "beneath_shared_root": beneath_shared_root,
}


@contextlib.contextmanager
def running(
    kind: str, *flags: str, inside: "Namespace | None" = None, place: Path = Path("/tmp")
) -> Iterator[Engine]:
    """An engine of *kind* (a function of this module) with busybox loaded; removed at the end.

    It has a network namespace of its own, or is *inside* a given one. Its directory is made in
    *place*, whose path has to be short.
    """
    root = Path(tempfile.mkdtemp(prefix="bx-", dir=place))
    engine = _KINDS[kind](root)
    engine.command += flags
    try:
        if inside is None:
            engine.start()
        else:
            engine.unshare = [word for word in engine.unshare if word != "--net"]
            inside.run(engine.start)
        engine.load_busybox()
        try:
            yield engine
        finally:
            engine.remove_containers()
    finally:
        engine.stop()
        leaks.remove_cgroups(root.name)
        shutil.rmtree(root, ignore_errors=True)
