"""BuildKit's protocol and other machines: registries with passwords, contexts by address."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines
from support.buildkit_client import Client, client_in
from support.debian_registry import Registry, registry
from support.served import publish_repository, serving

_REGISTRY_PORT, _PORT = 5007, 8127


@pytest.fixture
def here(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Client]:
    with client_in(boxship_daemon, tmp_path) as client:
        yield client


@pytest.fixture
def private(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Registry]:
    pid = boxship_daemon.pid
    with registry(pid, tmp_path, password=True, port=_REGISTRY_PORT) as found:
        yield found


@pytest.fixture
def address(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[str]:
    """An HTTP server beside the daemon, with a Dockerfile and a repository."""
    root = tmp_path / "served"
    work = root / "work"
    (work / "sub").mkdir(parents=True)
    (root / "Dockerfile").write_text("FROM busybox\nRUN echo http > /who\n")
    (work / "Dockerfile").write_text("FROM busybox\nCOPY who /who\n")
    (work / "who").write_text("git\n")
    (work / "sub" / "who").write_text("sub\n")
    (work / "sub" / "Dockerfile").write_text("FROM busybox\nCOPY who /who\n")
    publish_repository(work)
    with serving(boxship_daemon, root, _PORT):
        yield f"http://127.0.0.1:{_PORT}"


def test_the_clients_credentials_open_registries(here: Client, private: Registry) -> None:
    image = f"{private.host}/team/base"
    here.write(Dockerfile="FROM busybox\nRUN echo base > /base\n")
    refused = here.docker("build", "--push", "-t", image, ".", fails=True)
    assert "no basic auth credentials" in refused
    here.docker("login", "-u", "me", "--password-stdin", private.host, stdin=b"secret")
    here.docker("build", "--push", "-t", image, ".")
    here.docker("rmi", "-f", image)
    here.write(Dockerfile=f"FROM {image}\nRUN cp /base /copy\n")
    said = here.docker("build", "-t", "with-credentials", ".")
    assert f"load metadata for {image}:latest" in said
    assert here.file("with-credentials", "/copy") == "base\n"
    here.docker("rmi", "-f", "with-credentials", image)
    here.docker("logout", private.host)
    assert "no basic auth credentials" in here.docker("build", "--no-cache", ".", fails=True)


def test_layers_of_an_image_elsewhere_serve_as_cache(here: Client, private: Registry) -> None:
    image = f"{private.host}/team/cache"
    here.docker("login", "-u", "me", "--password-stdin", private.host, stdin=b"secret")
    here.write(Dockerfile="FROM busybox\nRUN head -c 8 /dev/urandom > /random\nENV A=1\n")
    here.docker("build", "--push", "-t", image, "--cache-to", "type=inline", ".")
    here.docker("rmi", "-f", image)
    here.docker("builder", "prune", "-af")
    said = here.docker("build", "--cache-from", image, "--cache-from", f"{image}:none", ".")
    assert said.count("CACHED") == 1
    assert f"importing cache manifest from {image}:none" in said


@pytest.mark.parametrize(
    ("path", "who"), [("/Dockerfile", "http"), ("/repo.git", "git"), ("/repo.git#main:sub", "sub")]
)
def test_contexts_by_address(here: Client, address: str, path: str, who: str) -> None:
    image = here.docker("build", "-q", address + path).strip()
    assert here.file(image, "/who") == f"{who}\n"


def test_a_base_that_is_nowhere(here: Client) -> None:
    here.write(Dockerfile="FROM busybox\nFROM 127.0.0.1:1/nothing/here\nRUN true\n")
    said = here.docker("build", ".", fails=True)
    assert "   2 | >>> FROM 127.0.0.1:1/nothing/here\n" in said
