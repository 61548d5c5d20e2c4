"""The docker CLI with its plugins in a directory of its own, building by BuildKit's protocol."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from support.engines import Engine


class Client:
    def __init__(self, engine: Engine, directory: Path) -> None:
        self.engine = engine
        self.directory = directory / "context"
        self.directory.mkdir()
        # buildx tells directories apart by a name of its own for the machine.
        self.environment = {
            **{k: v for k, v in os.environ.items() if k != "DOCKER_BUILDKIT"},
            "DOCKER_HOST": engine.host,
            "DOCKER_CONFIG": str(directory / "config"),
            "BUILDKIT_PROGRESS": "plain",
        }

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.directory / name).write_text(text)

    def docker(
        self, *words: str, fails: bool = False, stdin: bytes = b"", **environment: str
    ) -> str:
        """Both outputs of a command."""
        done = subprocess.run(
            ["docker", *words],
            cwd=self.directory,
            env=self.environment | environment,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
        text = done.stdout.decode()
        assert bool(done.returncode) == fails, text
        return text

    def images(self) -> list[str]:
        return self.docker("images", "-q", "--no-trunc").split()

    def file(self, image: str, path: str) -> str:
        """The content of a file of *image*."""
        return self.docker("run", "--rm", image, "cat", path)


@contextlib.contextmanager
def client_in(engine: Engine, directory: Path) -> Iterator[Client]:
    """A client in an empty directory below *directory*; the images that it makes go away."""
    client = Client(engine, directory)
    before = set(client.images())
    yield client
    for image in set(client.images()) - before:
        client.docker("rmi", "-f", image)
