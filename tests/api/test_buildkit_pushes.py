"""Pushes that a client of BuildKit's protocol leaves to the engine, as buildx does since 0.22."""

import base64
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.builder.buildkit import control
from boxship.builder.buildkit import session as messages
from boxship.wire.grpc.server import Call
from boxship.wire.grpc.status import GrpcError
from support.buildkit_session import build, no_credentials, send_files
from support.debian_registry import Registry, registry
from support.engines import Engine

_ACCEPT = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
_ACROSS = b"FROM --platform=$BUILDPLATFORM busybox AS b\nFROM scratch\nCOPY --from=b /bin/sh /sh\n"


@pytest.fixture
def served(boxship_daemon: Engine, tmp_path: Path) -> Iterator[Registry]:
    with registry(boxship_daemon.pid, tmp_path, port=5041) as found:
        yield found


@pytest.fixture
def private(boxship_daemon: Engine, tmp_path: Path) -> Iterator[Registry]:
    with registry(boxship_daemon.pid, tmp_path, password=True, port=5042) as found:
        yield found


async def _no_files(call: Call) -> None:
    await send_files(call, {})


async def _as_me(call: Call) -> None:
    await call.receive(messages.CredentialsRequest)
    await call.send(messages.CredentialsResponse("me", "secret"))


def _head(found: Registry, path: str, reference: str, *options: str) -> str:
    """The digest that the registry has for *reference*, "" for none."""
    accept = [word for kind in _ACCEPT for word in ("-H", f"Accept: {kind}")]
    text = found.curl(f"/v2/{path}/manifests/{reference}", "-I", *accept, *options)
    lines = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    return lines.get("Docker-Content-Digest", "")


def _push(
    engine: Engine, kind: str, attrs: dict[str, str], dockerfile: bytes = b"FROM busybox\n"
) -> dict[str, str]:
    exporter = control.Exporter(kind, attrs)
    return build(str(engine.socket), _no_files, dockerfile, exporter)


@pytest.mark.parametrize("kind", ["moby", "image"])
def test_an_image_that_the_client_asks_to_push_is_in_the_registry(
    boxship_daemon: Engine, served: Registry, kind: str
) -> None:
    names = [f"{served.host}/pushed/{kind}:{tag}" for tag in ("one", "two")]
    answer = _push(boxship_daemon, kind, {"name": ",".join(names), "push": "true"})
    assert _head(served, f"pushed/{kind}", "one") == answer["containerimage.digest"]
    assert _head(served, f"pushed/{kind}", "two") == answer["containerimage.digest"]
    descriptor = json.loads(base64.b64decode(answer["containerimage.descriptor"]))
    assert descriptor["digest"] == answer["containerimage.digest"]
    image = boxship_daemon.docker("inspect", "-f", "{{.Id}}", names[0]).stdout.strip()
    assert answer["containerimage.config.digest"] == image
    boxship_daemon.docker("rmi", "-f", *names)


def test_an_image_stays_here_when_the_client_asks_for_no_push(
    boxship_daemon: Engine, served: Registry
) -> None:
    name = f"{served.host}/not/pushed:one"
    answer = _push(boxship_daemon, "moby", {"name": name, "push": "false"})
    assert answer["containerimage.digest"] == answer["containerimage.config.digest"]
    assert _head(served, "not/pushed", "one") == ""
    boxship_daemon.docker("rmi", "-f", name)


def test_images_of_several_platforms_are_one_index_in_the_registry(
    boxship_daemon: Engine, served: Registry
) -> None:
    name = f"{served.host}/pushed/many:1"
    exporter = control.Exporter("moby", {"name": name, "push": "1"})
    answer = build(
        str(boxship_daemon.socket),
        _no_files,
        _ACROSS,
        exporter,
        platform="linux/amd64,linux/arm64",
    )
    assert _head(served, "pushed/many", "1") == answer["containerimage.digest"]
    index = json.loads(served.curl("/v2/pushed/many/manifests/1", "-H", f"Accept: {_ACCEPT[1]}"))
    assert len(index["manifests"]) == 2
    boxship_daemon.docker("rmi", "-f", name)


def test_an_image_is_pushed_by_its_digest_alone(boxship_daemon: Engine, served: Registry) -> None:
    name = f"{served.host}/pushed/digest"
    answer = _push(boxship_daemon, "image", {"name": name, "push": "true", "push-by-digest": "1"})
    digest = answer["containerimage.digest"]
    assert _head(served, "pushed/digest", digest) == digest
    assert json.loads(served.curl("/v2/pushed/digest/tags/list")).get("tags") is None
    boxship_daemon.docker("rmi", f"{name}@{digest}")


def test_a_push_in_ocis_terms_has_an_oci_manifest(boxship_daemon: Engine, served: Registry) -> None:
    name = f"{served.host}/pushed/oci:1"
    dockerfile = f"FROM busybox\nLABEL a={secrets.token_hex(4)}\n".encode()
    exporter = {"name": name, "push": "true", "oci-mediatypes": "true"}
    answer = _push(boxship_daemon, "moby", exporter, dockerfile)
    descriptor = json.loads(base64.b64decode(answer["containerimage.descriptor"]))
    assert descriptor["mediaType"] == _ACCEPT[2]
    assert _head(served, "pushed/oci", "1") == descriptor["digest"]
    boxship_daemon.docker("rmi", "-f", name)


def test_a_push_has_the_credentials_of_the_session(
    boxship_daemon: Engine, private: Registry
) -> None:
    name = f"{private.host}/pushed/mine:1"
    exporter = control.Exporter("moby", {"name": name, "push": "true"})
    path, dockerfile = str(boxship_daemon.socket), b"FROM busybox\n"
    with pytest.raises(GrpcError, match=f"failed to push {name}: .*no basic auth credentials"):
        build(path, _no_files, dockerfile, exporter, no_credentials)
    answer = build(path, _no_files, dockerfile, exporter, _as_me)
    found = _head(private, "pushed/mine", "1", "-u", "me:secret")
    assert found == answer["containerimage.digest"]
    boxship_daemon.docker("rmi", "-f", name)


@pytest.mark.parametrize(
    ("attrs", "reason"),
    [
        ({"name": "127.0.0.1:1/a:1", "push": "true"}, "failed to push 127.0.0.1:1/a:1: "),
        ({"push": "true"}, "tag is needed when pushing to registry"),
        ({"name": "a", "push": "yes"}, "non-bool value yes specified for push"),
        (
            {"name": "127.0.0.1:1/a:1", "push": "true", "push-by-digest": "true"},
            "can't push tagged ref 127.0.0.1:1/a:1 by digest",
        ),
    ],
)
def test_a_build_whose_push_cannot_be_fails(
    boxship_daemon: Engine, attrs: dict[str, str], reason: str
) -> None:
    with pytest.raises(GrpcError, match=reason):
        _push(boxship_daemon, "moby", attrs)
    boxship_daemon.docker("rmi", "-f", "127.0.0.1:1/a:1", check=False)
