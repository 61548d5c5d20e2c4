"""Builds of a directory that was built from before: what has changed in it counts, only that."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines
from support.buildkit_client import Client, client_in

_DOCKERFILE = "FROM busybox\nCOPY . /src/\nCMD cat /src/d/* /src/l\n"


@pytest.fixture
def here(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Client]:
    with client_in(boxship_daemon, tmp_path) as client:
        yield client


def _build(client: Client) -> str:
    return client.docker("build", "-q", ".").strip()


def test_times_do_not_count_and_content_does(here: Client) -> None:
    here.write(Dockerfile=_DOCKERFILE)
    directory = here.directory / "d"
    directory.mkdir()
    one, two, link = directory / "1", directory / "2", here.directory / "l"
    one.write_text("one\n")
    two.write_text("two\n")
    link.symlink_to("d/1")
    first = _build(here)
    assert _build(here) == first
    for path in (one, directory):
        os.utime(path, (1_600_000_000, 1_600_000_000))
        assert _build(here) == first

    one.write_text("neo\n")
    second = _build(here)
    assert second != first
    assert here.docker("run", "--rm", second) == "neo\ntwo\nneo\n"
    one.write_text("one\n")
    assert _build(here) == first
    link.unlink()
    link.symlink_to("d/2")
    assert here.docker("run", "--rm", _build(here)) == "one\ntwo\ntwo\n"
    two.rename(directory / "3")
    link.unlink()
    link.write_text("file\n")
    assert here.docker("run", "--rm", _build(here)) == "one\ntwo\nfile\n"
    one.chmod(0o700)
    third = _build(here)
    assert "-rwx------" in here.docker("run", "--rm", third, "ls", "-l", "/src/d/1")
    # What is left out goes from what was kept, too.
    here.write(**{".dockerignore": "d/3\n"})
    assert here.docker("run", "--rm", _build(here)) == "one\nfile\n"
