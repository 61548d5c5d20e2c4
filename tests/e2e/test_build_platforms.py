"""Builds on base images for another platform than was asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.images import host_platform
from support import busybox, engines
from support.buildkit_client import Client, client_in
from support.debian_registry import Registry, registry

_PORT = 5041
_CLASSIC = {"DOCKER_BUILDKIT": "0"}
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


def _import(here: Client, platform: str, name: str) -> None:
    here.docker("import", "--platform", platform, "-", name, stdin=busybox.rootfs_tar())


def _warning(platform: str) -> str:
    """Dockerd's, of a container for another machine."""
    return (
        f"The requested image's platform ({platform}) does not match the detected host platform "
        f"({host_platform.fastest()}) and no specific platform was requested"
    )


def test_the_classic_builder_warns_where_dockerd_makes_a_container(here: Client) -> None:
    _import(here, "linux/mips64", "foreign:1")
    here.write(Dockerfile="FROM foreign:1\nRUN echo said\nCOPY Dockerfile /\nLABEL a=b\n")
    said = here.docker("build", "-q", "-t", "made:1", ".", **_CLASSIC)
    assert "Warning" not in said
    said = here.docker("build", "--no-cache", "-t", "made:1", ".", **_CLASSIC)
    warned = f" ---> [Warning] {_warning('linux/mips64')}\n"
    first, *steps = said.split("\nStep ")[1:]
    assert [step.count(warned) for step in steps] == [1, 0, 1]
    assert "[Warning]" not in first
    said = here.docker("build", "-t", "made:1", ".", **_CLASSIC)
    assert "Warning" not in said
    here.docker("rmi", "made:1", "foreign:1")


def test_containers_are_made_with_the_same_warning(here: Client) -> None:
    _import(here, "linux/mips64", "foreign:1")
    assert f"WARNING: {_warning('linux/mips64')}\n" in here.docker("run", "--rm", "foreign:1", "id")
    asked = here.docker("run", "--rm", "--platform", "linux/mips64", "foreign:1", "id")
    assert "WARNING" not in asked
    here.docker("rmi", "foreign:1")


def test_the_classic_builder_takes_no_other_platform_from_a_registry(
    here: Client, store: Registry
) -> None:
    name = f"{store.host}/alone:1"
    here.docker("tag", "busybox", name)
    here.docker("push", "-q", name)
    here.docker("rmi", name)
    here.write(Dockerfile=f"FROM {name}\nLABEL a=b\n")
    for words in ([], ["--pull"]):
        said = here.docker(
            "build", "--platform", "linux/arm64", *words, ".", fails=True, **_CLASSIC
        )
        assert f"image with reference {name} was found but does not" in said
    here.docker("build", ".", **_CLASSIC)
    here.docker("rmi", name)


@pytest.mark.parametrize("protocol", [_CLASSIC, {}], ids=["classic", "buildkit"])
def test_machines_run_what_older_ones_do(here: Client, protocol: dict[str, str]) -> None:
    _import(here, "linux/arm/v6", "older:1")
    here.write(Dockerfile="FROM --platform=linux/arm/v7 older:1\nLABEL a=b\n")
    here.docker("build", "-t", "made:1", ".", **protocol)
    here.docker("build", "--platform", "linux/arm64", "-t", "made:1", ".", **protocol)
    here.write(Dockerfile="FROM --platform=linux/arm/v5 older:1\nLABEL a=b\n")
    here.docker("build", "-t", "made:1", ".", fails=True, **protocol)
    here.docker("rmi", "made:1", "older:1")


@pytest.mark.parametrize("protocol", [_CLASSIC, {}], ids=["classic", "buildkit"])
def test_what_is_no_platform(here: Client, protocol: dict[str, str]) -> None:
    here.write(Dockerfile="FROM --platform=a/b/c/d busybox\n")
    said = here.docker("build", ".", fails=True, **protocol)
    assert 'failed to parse platform a/b/c/d: "a/b/c/d": cannot parse platform specifier' in said


def test_an_image_for_a_machine_that_this_one_is_not(here: Client) -> None:
    _import(here, "linux/mips64", "foreign:1")
    here.write(Dockerfile="FROM foreign:1\nLABEL a=b\n")
    said = here.docker("build", "-t", "made:1", ".")
    assert _WARNED.format("foreign:1", '"linux/mips64"', '"linux/amd64"') in said
    # Who asks for no platform gets that of the base image.
    assert _platform(here, "made:1") == "linux/mips64/"
    here.docker("rmi", "made:1", "foreign:1")
