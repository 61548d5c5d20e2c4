"""The Engine API of a running Boxship: raw requests, and Docker's own Python client."""

from collections.abc import Iterator

import docker as docker_py
import pytest

from support.api import Api


@pytest.fixture
def api(boxship_socket: str) -> Iterator[Api]:
    """Raw requests; what a test leaves is removed."""
    caller = Api(boxship_socket)
    yield caller
    caller.clean()


@pytest.fixture
def client(api: Api) -> Iterator[docker_py.DockerClient]:
    """Docker's client for Python, negotiating the version."""
    connection = docker_py.DockerClient(base_url=f"unix://{api.path}", version="auto", timeout=30)
    yield connection
    connection.close()
