"""Builds on base images for another platform than was asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import busybox, engines
from support.buildkit_client import Client, client_in
from support.debian_registry import Registry, registry

_PORT = 5041
_WARNED = "InvalidBaseImagePlatform: Base image {} was pulled with platform {}, expected {}"


@pytest.fixture
def here(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Client]:
    with client_in(boxship_daemon, tmp_path) as client:
        yield client


@pytest.fixture
def store(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Registry]:
    with registry(boxship_daemon.pid, tmp_path, port=_PORT) as found:
        yield found


def _platform(here: Client, image: str) -> str:
    return here.docker("inspect", "-f", "{{.Os}}/{{.Architecture}}/{{.Variant}}", image).strip()


def test_what_a_registry_has_for_one_platform_alone_is_taken(here: Client, store: Registry) -> None:
    name = f"{store.host}/alone:1"
    here.docker("tag", "busybox", name)
    here.docker("push", "-q", name)
    here.docker("rmi", name)
    here.write(Dockerfile=f"FROM {name}\nRUN uname -m > /made\n")
    for words in ([], ["--pull"]):
        said = here.docker("build", "--platform", "linux/arm64", "-t", "made:1", *words, ".")
        assert _WARNED.format(name, '"linux/amd64"', '"linux/arm64"') in said
        assert _platform(here, "made:1") == "linux/arm64/"
    here.docker("rmi", name)


@pytest.mark.parametrize(("asked", "got"), [("arm64", "arm64/"), ("arm/v6", "arm/v6")])
def test_results_are_for_the_platform_that_was_asked_for(
    here: Client, asked: str, got: str
) -> None:
    here.write(Dockerfile="FROM --platform=$BUILDPLATFORM busybox\nENV A=1\n")
    here.docker("build", "--platform", f"linux/{asked}", "-t", "made:1", ".")
    assert _platform(here, "made:1") == f"linux/{got}"
    assert here.docker("run", "--rm", "made:1", "sh", "-c", "echo $A").endswith("1\n")


def test_an_image_for_a_machine_that_this_one_is_not(here: Client) -> None:
    archive = busybox.write_archive()
    try:
        here.docker("import", "--platform", "linux/mips64", str(archive), "foreign:1")
    finally:
        archive.unlink()
    here.write(Dockerfile="FROM foreign:1\nLABEL a=b\n")
    said = here.docker("build", "-t", "made:1", ".")
    assert _WARNED.format("foreign:1", '"linux/mips64"', '"linux/amd64"') in said
    # Who asks for no platform gets that of the base image.
    assert _platform(here, "made:1") == "linux/mips64/"
    here.docker("rmi", "made:1", "foreign:1")
