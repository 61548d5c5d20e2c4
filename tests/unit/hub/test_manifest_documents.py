"""Manifests as the hub reads them, and the history that a page shows."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxship.hub import manifest as manifests
from boxship.hub.manifest import Descriptor
from boxship.hub.pages.history import MOST, Config, instruction, read_config, tell
from boxship.hub.pages.page import size
from boxship.oci.distribution.errors import DistributionError
from boxship.oci.media_types import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

A, B = (f"sha256:{letter * 64}" for letter in "ab")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
)
FIELDS = ["schemaVersion", "mediaType", "config", "layers", "manifests", "subject", "annotations"]


def _part(digest: str, **extra: Any) -> dict[str, Any]:
    return {"mediaType": "x", "digest": digest, "size": 1, **extra}


def _image(**extra: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "config": _part(A), "layers": [_part(B), _part(B)], **extra}


@pytest.mark.parametrize("kind", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_an_image_names_its_blobs_once(kind: str) -> None:
    found = manifests.check(json.dumps(_image()).encode(), f"{kind}; charset=utf-8", A)
    assert (found.media_type, found.blobs, found.manifests) == (kind, (A, B), ())


@pytest.mark.parametrize(
    "layer",
    [
        _part(B, urls=["https://elsewhere/"]),
        {**_part(B), "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar"},
        {**_part(B), "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
    ],
)
def test_foreign_layers_lie_elsewhere(layer: dict[str, Any]) -> None:
    content = json.dumps(_image(layers=[layer])).encode()
    assert manifests.check(content, OCI_MANIFEST, A).blobs == (A,)


def test_an_index_names_manifests() -> None:
    content = json.dumps({"schemaVersion": 2, "manifests": [_part(A), _part(B)]}).encode()
    found = manifests.check(content, OCI_INDEX, A)
    assert (found.blobs, found.manifests, found.artifact_type) == ((), (A, B), "")


def test_the_artifact_type_is_the_configurations_where_it_has_no_own() -> None:
    subject = _part(B)
    plain = manifests.check(json.dumps(_image(subject=subject)).encode(), OCI_MANIFEST, A)
    assert json.loads(plain.referrer)["artifactType"] == plain.artifact_type == "x"
    content = json.dumps(_image(subject=subject, artifactType="y")).encode()
    assert manifests.check(content, OCI_MANIFEST, A).artifact_type == "y"


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4))
def test_whatever_is_pushed_is_refused_or_checked(document: dict[str, Any]) -> None:
    content = json.dumps({"schemaVersion": 2, **document}).encode()
    for kind in (OCI_MANIFEST, OCI_INDEX, "", "text/html"):
        try:
            found = manifests.check(content, kind, A)
        except DistributionError as error:
            assert error.code == "MANIFEST_INVALID"
        else:
            assert found.content == content


@given(st.binary(max_size=50))
def test_bytes_that_are_no_manifest(content: bytes) -> None:
    with pytest.raises(DistributionError):
        manifests.check(content, OCI_MANIFEST, A)


@pytest.mark.parametrize(
    ("recorded", "shown"),
    [
        ('/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("COPY a b # buildkit", "COPY a b # buildkit"),
        ("", ""),
    ],
)
def test_instructions(recorded: str, shown: str) -> None:
    assert instruction(recorded) == shown


def test_history_and_layers_meet() -> None:
    history = [
        {"created_by": "ADD x"},
        {"created_by": "ENV a=b", "empty_layer": True},
        {"created_by": "RUN y"},
    ]
    config = read_config(json.dumps({"history": history}).encode())
    layers = [Descriptor("t", digest, number) for number, digest in enumerate([A, B, A], 1)]
    steps = tell(config, layers).steps
    assert [(step.instruction, step.digest, step.size) for step in steps] == [
        ("ADD x", A, 1), ("ENV a=b", "", 0), ("RUN y", B, 2), ("", A, 3),
    ]  # fmt: skip


@settings(max_examples=40)
@given(JSON)
def test_no_configuration_breaks_a_page(document: Any) -> None:
    config = read_config(json.dumps(document).encode())
    assert len(tell(config, [Descriptor("t", A, 1)]).steps) >= 1


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 100_000, b'{"history":' * 50_000])
def test_configurations_that_are_none(content: bytes) -> None:
    assert read_config(content) == Config()


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"),
     (5 << 30, "5.4 GB"), (10**18, "1000.0 PB"), (1 << 62, "4611.7 PB")],
)  # fmt: skip
def test_sizes_for_people(count: int, text: str) -> None:
    assert size(count) == text


def test_a_page_shows_no_more_than_somebody_would_read() -> None:
    labels = {str(number): "" for number in range(MOST + 1)}
    content = {"history": [{}] * (MOST + 1), "config": {"Labels": labels}}
    config = read_config(json.dumps(content).encode())
    layers = [Descriptor("", "sha256:" + "0" * 64, 1)] * (3 * MOST)
    story = tell(config, layers)
    assert len(story.steps) == MOST
    assert config.config is not None
    assert list(config.config.labels or ()) == list(labels)[:MOST]
