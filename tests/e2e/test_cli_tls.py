"""Our CLI over mutual TLS: calls, streams, and half-closed input."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import engines, leaks
from support.certificates import Certificates, issue
from support.requirements import require_root, require_tool
from support.terminals import PROGRAM

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def address(certificates: Certificates) -> Iterator[str]:
    """A daemon on a TCP port of this machine; without clients' certificates it says nothing."""
    require_root()
    require_tool("docker", "unshare", "busybox", "openssl")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    root = Path(tempfile.mkdtemp(prefix="bx-", dir="/tmp"))
    options = ["-H", f"tcp://127.0.0.1:{port}", "--tlsverify"]
    options += ["--tlscacert", certificates.cert("ca")]
    options += ["--tlscert", certificates.cert("server"), "--tlskey", certificates.key("server")]
    engine = engines.boxship(root, options)
    engine.unshare = ("--mount",)
    try:
        engine.start()
        engine.load_busybox()
        yield f"tcp://localhost:{port}"
        engine.remove_containers()
    finally:
        engine.stop()
        leaks.remove_cgroups(root.name)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def run(address: str, certificates: Certificates) -> Run:
    def call(
        *words: str, stdin: bytes = b"", who: str = "client"
    ) -> "subprocess.CompletedProcess[bytes]":
        flags = ["--tlsverify", "--tlscacert", certificates.cert("ca")]
        flags += ["--tlscert", certificates.cert(who), "--tlskey", certificates.key(who)]
        return subprocess.run(
            [*PROGRAM, "-H", address, *flags, *words], input=stdin, capture_output=True, timeout=60
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
    address: str, certificates: Certificates, tmp_path: Path
) -> None:
    for name, source in (("ca", "ca"), ("cert", "client")):
        shutil.copy(certificates.cert(source), tmp_path / f"{name}.pem")
    shutil.copy(certificates.key("client"), tmp_path / "key.pem")
    done = subprocess.run(
        [*PROGRAM, "ps", "-q"],
        capture_output=True,
        env={
            **os.environ,
            "DOCKER_HOST": address,
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(tmp_path),
        },
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_strangers_are_refused(run: Run, address: str) -> None:
    done = run("ps", who="stranger")
    assert done.returncode == 1
    assert b"daemon" in done.stderr and b"Traceback" not in done.stderr
    plain = subprocess.run([*PROGRAM, "-H", address, "ps"], capture_output=True)
    assert plain.returncode == 1
    assert b"Traceback" not in plain.stderr
    wrong = subprocess.run(
        [*PROGRAM, "-H", address, "--tlsverify", "--tlscacert", "/nowhere", "ps"],
        capture_output=True,
    )
    assert wrong.returncode == 1
    assert b"cannot load the TLS certificates" in wrong.stderr
