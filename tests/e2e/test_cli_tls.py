"""Our CLI over mutual TLS: calls, streams, and half-closed input."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import engines
from support.certificates import Certificates, issue
from support.requirements import require_root, require_tool
from support.terminals import PROGRAM

PORT = 2376
ADDRESS = f"tcp://localhost:{PORT}"
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def engine(certificates: Certificates) -> Iterator[engines.Engine]:
    """A daemon on a TCP port; without clients' certificates it says nothing."""
    require_root()
    require_tool("docker", "unshare", "busybox", "ip", "nsenter", "openssl")
    options = ["-H", f"tcp://127.0.0.1:{PORT}", "--tlsverify"]
    options += ["--tlscacert", certificates.cert("ca")]
    options += ["--tlscert", certificates.cert("server"), "--tlskey", certificates.key("server")]
    with engines.running("boxship", *options) as engine:
        yield engine


@pytest.fixture
def client(engine: engines.Engine) -> list[str]:
    """Our CLI where the daemon's address means the daemon."""
    return ["nsenter", f"--net=/proc/{engine.pid}/ns/net", *PROGRAM]


@pytest.fixture
def run(client: list[str], certificates: Certificates) -> Run:
    def call(
        *words: str, stdin: bytes = b"", who: str = "client"
    ) -> "subprocess.CompletedProcess[bytes]":
        flags = ["--tlsverify", "--tlscacert", certificates.cert("ca")]
        flags += ["--tlscert", certificates.cert(who), "--tlskey", certificates.key(who)]
        return subprocess.run(
            [*client, "-H", ADDRESS, *flags, *words], input=stdin, capture_output=True, timeout=60
        )

    return call


def test_calls(run: Run) -> None:
    assert run("images", "--format", "{{.Repository}}").stdout == b"busybox\n"
    assert run("inspect", "nope").returncode == 1


def test_streams_in_both_directions(run: Run) -> None:
    data = os.urandom(2_000_000)
    done = run("run", "--rm", "-i", "--network", "none", "busybox", "cat", stdin=data)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == data


def test_output_goes_on_after_the_end_of_input(run: Run) -> None:
    script = "cat >/dev/null; sleep 0.3; echo after; exit 4"
    done = run(
        "run", "--rm", "-i", "--network", "none", "busybox", "sh", "-c", script, stdin=b"x" * 100
    )
    assert (done.returncode, done.stdout) == (4, b"after\n")


def test_certificates_are_taken_from_a_directory(
    client: list[str], certificates: Certificates, tmp_path: Path
) -> None:
    for name, source in (("ca", "ca"), ("cert", "client")):
        shutil.copy(certificates.cert(source), tmp_path / f"{name}.pem")
    shutil.copy(certificates.key("client"), tmp_path / "key.pem")
    done = subprocess.run(
        [*client, "ps", "-q"],
        capture_output=True,
        env={
            **os.environ,
            "DOCKER_HOST": ADDRESS,
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(tmp_path),
        },
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_strangers_are_refused(run: Run, client: list[str]) -> None:
    done = run("ps", who="stranger")
    assert done.returncode == 1
    assert b"daemon" in done.stderr and b"Traceback" not in done.stderr
    plain = subprocess.run([*client, "-H", ADDRESS, "ps"], capture_output=True)
    assert plain.returncode == 1
    assert b"Traceback" not in plain.stderr
    wrong = subprocess.run(
        [*client, "-H", ADDRESS, "--tlsverify", "--tlscacert", "/nowhere", "ps"],
        capture_output=True,
    )
    assert wrong.returncode == 1
    assert b"cannot load the TLS certificates" in wrong.stderr
