"""Dockerfiles of many lines: neither time nor what is stored grows with their square."""

import re

import docker as docker_py
import pytest

from boxship.wire.grpc.server import Call
from support import engines
from support.buildkit_session import build, send_files
from support.contexts import build as classic
from support.contexts import context, image_of, text


async def _nothing(call: Call) -> None:
    await send_files(call, {})


@pytest.fixture
def client(emptied_boxship: engines.Engine) -> docker_py.DockerClient:
    return docker_py.DockerClient(base_url=emptied_boxship.host, timeout=60)


def _of(keyword: str, count: int) -> str:
    return "FROM busybox\n" + "".join(f"{keyword}{i}=v\n" for i in range(count))


def test_steps_of_buildkit_without_layers_have_no_images(
    client: docker_py.DockerClient, boxship_socket: str
) -> None:
    before = {image.id for image in client.images.list(all=True)}
    build(boxship_socket, _nothing, _of("LABEL a", 1500).encode())
    (made,) = {image.id for image in client.images.list(all=True)} - before
    image = client.images.get(made)
    assert len(image.labels) == 1500
    assert [row["CreatedBy"].split()[-1] for row in image.history()[:2]] == ["a1499=v", "a1498=v"]
    build(boxship_socket, _nothing, _of("LABEL a", 1500).encode())
    assert {image.id for image in client.images.list(all=True)} - before == {made}


def test_runs_that_change_no_files_have_no_images(
    client: docker_py.DockerClient, boxship_socket: str
) -> None:
    triggers = "FROM busybox\n" + "ONBUILD RUN :\n" * 100
    base = image_of(classic(client, context(triggers), tag="runs:base"))
    before = {image.id for image in client.images.list(all=True)}
    build(boxship_socket, _nothing, b"FROM runs:base\nLABEL a=1\nRUN : 2\n")
    (made,) = {image.id for image in client.images.list(all=True)} - before
    history = [row["CreatedBy"] for row in client.images.get(made).history()]
    run = "RUN /bin/sh -c : # buildkit"
    assert history[:4] == [run.replace(":", ": 2"), "LABEL a=1", run, run]
    assert len(history) == len(client.images.get(base).history()) + 102
    client.images.remove(made)
    client.images.remove("runs:base")


def test_the_classic_builders_have_them_as_long_as_they_are_not_too_large(
    client: docker_py.DockerClient,
) -> None:
    before = len(client.images.list(all=True))
    value = "x" * 200_000
    labels = "".join(f"LABEL a{i}=$V\n" for i in range(15))
    source = f"FROM busybox\nARG V={value}\n{labels}"
    image = image_of(classic(client, context(source)))
    assert len(client.images.get(image).labels) == 15
    made = len(client.images.list(all=True)) - before
    assert 4 < made < 14
    assert image_of(classic(client, context(source))) == image
    client.images.remove(image)
    assert len(client.images.list(all=True)) == before


def test_the_clients_labels_are_steps(client: docker_py.DockerClient) -> None:
    labels = {"b": "2", "a": 'x "y" $z', "d": ""}
    source = "FROM busybox AS base\nRUN true\nFROM base\nLABEL own=1\n"
    said = text(classic(client, context(source), labels=labels))
    steps = re.findall(r"^Step (.*)$", said, re.MULTILINE)
    assert steps[3:] == [
        "4/7 : LABEL own=1",
        '5/7 : LABEL a=x "y" $z',
        "6/7 : LABEL b=2",
        "7/7 : LABEL d=",
    ]
    again = classic(client, context(source), labels=labels)
    assert text(again).count("Using cache") == 5
    image = client.images.get(image_of(again))
    assert image.labels == labels | {"own": "1"}
    assert [row["CreatedBy"] for row in image.history()[:2]] == [
        "/bin/sh -c #(nop)  LABEL d=",
        "/bin/sh -c #(nop)  LABEL b=2",
    ]
