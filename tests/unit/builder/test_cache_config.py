"""Caches as they travel."""

import base64
import json

import pytest

from boxship.base.errors import InvalidParameter
from boxship.builder import cache_config
from boxship.builder.lending import Ledger, Outcome
from boxship.oci.layout import Descriptor

_A, _B = ("sha256:" + letter * 64 for letter in "ab")
_BLOB = Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", "sha256:" + "c" * 64, 7)
_STEPS = [
    Outcome("1" * 64, _A, 5, "RUN a", 1_600_000_000_000_000_000),
    Outcome("2" * 64, "", 0, "WORKDIR /", 1_600_000_001_000_000_000),
]


@pytest.mark.parametrize(("image", "oci"), [(True, True), (False, True), (False, False)])
def test_what_is_written_is_read(image: bool, oci: bool) -> None:
    config = cache_config.encode_config(_STEPS, {_A: _BLOB})
    data, kind = cache_config.encode_manifest(config, [_BLOB], image=image, oci=oci)
    found, blobs = cache_config.read_manifest(json.loads(data))
    assert json.loads(data)["mediaType"] == kind
    assert found is not None and found.size == len(config)
    read = cache_config.decode_config(config, blobs)
    assert read.outcomes == _STEPS
    assert read.layers == {_A: _BLOB}


def test_buildkit_understands_the_document() -> None:
    """Its members, by the names and kinds that it declares."""
    document = json.loads(cache_config.encode_config(_STEPS, {_A: _BLOB}))
    (layer,) = document["layers"]
    assert layer["blob"] == _BLOB.digest and layer["parent"] == -1
    assert layer["annotations"] == {
        "mediaType": _BLOB.media_type,
        "diffID": _A,
        "size": 7,
        "createdAt": "2020-09-13T12:26:40Z",
    }
    assert document["records"][0]["digest"] == "sha256:" + "1" * 64
    assert document["records"][0]["layers"] == [{"layer": 0, "createdAt": "2020-09-13T12:26:40Z"}]


def test_an_image_carries_the_steps_of_its_own_layers() -> None:
    other = Outcome("3" * 64, _B, 5, "RUN b", 0)
    text = cache_config.encode_inline([*_STEPS, other], [_A])
    assert cache_config.decode_inline(text, [_A]) == _STEPS
    assert cache_config.decode_inline(None, [_A]) == []


def test_records_of_other_builders_are_passed_over() -> None:
    records = [{"digest": "sha256:" + "4" * 64, "layers": [{"layer": 0}]}, {"inputs": [[]]}]
    text = base64.b64encode(json.dumps(records).encode()).decode()
    assert cache_config.decode_inline(text, [_A]) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}}",
        b"[" * 100_000,
        b'{"layers": [{}]}',
        b'{"layers": 5, "records": [5]}',
        json.dumps({"layers": [{"blob": _B, "annotations": {"diffID": _A}}]}).encode(),
        json.dumps({"records": [{"digest": _A, "size": 1, "layers": [{"layer": 9}]}]}).encode(),
    ],
)
def test_malformed_documents_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidParameter):
        cache_config.decode_config(data, {_BLOB.digest: _BLOB})


@pytest.mark.parametrize(
    "text", ["?", base64.b64encode(b"{").decode(), base64.b64encode(b"[1]").decode()]
)
def test_malformed_records_are_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        cache_config.decode_inline(text, [_A])


@pytest.mark.parametrize("document", [{}, {"manifests": [5, {}]}, {"config": 5, "layers": 5}])
def test_what_is_no_cache_is_told_apart(document: dict[str, object]) -> None:
    assert cache_config.read_manifest(document)[0] is None


def test_a_ledger_tells_by_stage_and_each_step_once() -> None:
    ledger = Ledger()
    ledger.note(0, _STEPS[0])
    ledger.note(1, _STEPS[0])
    ledger.note(1, _STEPS[1])
    assert [*ledger.outcomes()] == _STEPS
    assert [*ledger.outcomes({0})] == _STEPS[:1]
