"""Build contexts as archives, and builds by Docker's client for Python."""

import io
import tarfile
from typing import Any

import docker as docker_py


def context(dockerfile: str, **files: str) -> bytes:
    """An archive of the Dockerfile and *files*, ``__`` in a name standing for a slash."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in {"Dockerfile": dockerfile, **files}.items():
            add_file(tar, name.replace("__", "/"), content.encode())
    return out.getvalue()


def add_file(tar: tarfile.TarFile, name: str, data: bytes, mtime: int = 1_600_000_000) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(data), mtime
    tar.addfile(info, io.BytesIO(data))


def build(client: docker_py.DockerClient, archive: bytes, **more: Any) -> list[dict[str, Any]]:
    """The messages of a build, errors included."""
    options = {"rm": True, **more}
    messages = client.api.build(
        fileobj=io.BytesIO(archive), custom_context=True, decode=True, **options
    )
    return list(messages)


def text(messages: list[dict[str, Any]]) -> str:
    """What a terminal would show."""
    return "".join(message.get("stream", message.get("error", "")) for message in messages)


def image_of(messages: list[dict[str, Any]]) -> str:
    """The ID of what was built; the messages are the assertion's words when nothing was."""
    ids: list[str] = [message["aux"]["ID"] for message in messages if "aux" in message]
    assert ids, text(messages)
    return ids[-1]
