"""What is found in image archives, and which are refused; nothing is written outside."""

import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.sandbox.workers.layer_sink import Budget
from boxship.sandbox.workers.load import describe
from support.image_archives import (
    COMPRESS,
    Image,
    docker_archive,
    encode,
    layer,
    link,
    oci_layout,
    sha,
    tar,
)

BASE, TOP = layer(bin_sh="#!", etc_passwd="root"), layer(etc_motd="hi")
ONE = Image([BASE], ["one:latest"])
TWO = Image([BASE, TOP], ["two:latest", "two:2"])
ARM = Image([TOP], ["one:latest"], architecture="arm64")


@pytest.fixture(autouse=True)
def staging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "inside"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


def read(archive: bytes, known: frozenset[str] = frozenset(), room: int = 1 << 30) -> list[Any]:
    pieces = (archive[at : at + 10_000] for at in range(0, len(archive), 10_000))
    images: list[Any] = describe(pieces, known, Budget(room))["images"]
    return images


def check(found: list[Any], *expected: Image) -> None:
    assert [(image["id"], image["config"], image["names"]) for image in found] == [
        (image.id, image.raw.decode(), image.names) for image in expected
    ]
    for entry, image in zip(found, expected, strict=True):
        for stored, data in zip(entry["layers"], image.layers, strict=True):
            assert stored["diff_id"] == sha(data)
            assert Path(stored["directory"], "layer.tar").read_bytes() == data
            index = Path(stored["directory"], "index").read_bytes()
            assert sha(index) == stored["index_digest"]
            assert index[1024:1028] == b"\xe2\xe1\xf5\xe0"  # EROFS' magic number


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize("outer", COMPRESS)
def test_docker_archives(compression: str, outer: str) -> None:
    archive = COMPRESS[outer](docker_archive(ONE, TWO, compression=compression))
    check(read(archive), ONE, TWO)


@pytest.mark.parametrize("compression", COMPRESS)
def test_oci_layouts(compression: str) -> None:
    check(read(oci_layout(ONE, TWO, compression=compression)), ONE, TWO)


def test_the_order_of_members_does_not_matter() -> None:
    check(read(docker_archive(ONE, TWO, order=-1)), ONE, TWO)


def test_a_nested_index_gives_its_name_to_all_platforms() -> None:
    found = read(oci_layout(ONE, ARM, nested=True))
    check(found, ONE, ARM)


def test_platforms_that_are_listed_but_not_there_are_passed_over() -> None:
    check(read(oci_layout(ONE, ARM, nested=True, drop=[sha(ARM.raw)])), ONE)


def test_an_image_of_which_nothing_is_there_is_an_error() -> None:
    with pytest.raises(InvalidParameter, match="lacks the blob"):
        read(oci_layout(ARM, drop=[sha(ARM.raw)]))


def test_attestations_are_no_images() -> None:
    index = json.loads(tarfile_member(oci_layout(ONE), "index.json"))
    statement = dict(index["manifests"][0], digest=f"sha256:{'0' * 64}")
    statement["annotations"] = {"vnd.docker.reference.type": "attestation-manifest"}
    index["manifests"].append(statement)
    check(read(replaced(oci_layout(ONE), {"index.json": encode(index)})), ONE)


def test_layers_may_be_links() -> None:
    manifest = [{"Config": "c.json", "RepoTags": ["one:latest"], "Layers": ["a/layer.tar"]}]
    archive = tar(
        [
            (link("a/layer.tar", "../real.tar"), b""),
            ("real.tar", BASE),
            ("c.json", ONE.raw),
            ("manifest.json", encode(manifest)),
        ]
    )
    check(read(archive), ONE)


def test_layers_that_are_known_are_not_stored(staging: Path) -> None:
    found = read(oci_layout(TWO), known=frozenset([sha(BASE)]))
    assert [one["directory"] for one in found[0]["layers"]] == [None, "layer-1"]
    assert [path.name for path in staging.iterdir()] == ["layer-1"]


def test_sizes_count_content_as_dockerd_does() -> None:
    twice = link("b", "a", tarfile.LNKTYPE)
    data = tar([("a", b"12345"), (link("s", "target"), b""), (twice, b"")])
    assert read(docker_archive(Image([data])))[0]["layers"][0]["size"] == 5 + len("target")


def test_an_image_without_layers() -> None:
    empty = Image([], ["scratch:1"])
    check(read(docker_archive(empty)), empty)


def tarfile_member(archive: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        member = opened.extractfile(name)
        assert member is not None
        return member.read()


def replaced(archive: bytes, changes: dict[str, bytes]) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        members = [(member, opened.extractfile(member).read()) for member in opened]  # type: ignore[union-attr]
    return tar((member.name, changes.get(member.name, data)) for member, data in members)


def manifest_of(**changes: Any) -> bytes:
    row = {"Config": "c.json", "RepoTags": None, "Layers": ["l.tar"]} | changes
    return tar([("l.tar", BASE), ("c.json", ONE.raw), ("manifest.json", encode([row]))])


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (b"hello\n", "unexpected EOF"),
        (b"", "neither manifest.json nor index.json"),
        (BASE, "neither manifest.json nor index.json"),
        (tar([("repositories", b"{}")]), "Docker before 1.10"),
        (tar([("manifest.json", b"[]")]), "holds no image"),
        (tar([("manifest.json", b"{")]), "manifest.json is malformed"),
        (tar([("manifest.json", b"[" * 100_000)]), "manifest.json is malformed"),
        (tar([("manifest.json", b'{"a":1}')]), "expected a list of objects"),
        (tar([("manifest.json", b"\xff")]), "manifest.json is malformed"),
        (tar([("index.json", b"[]")]), "index.json is malformed"),
        (manifest_of(Config="absent.json"), "which the archive lacks"),
        (manifest_of(Config=3), "which the archive lacks"),
        (manifest_of(Config="../../etc/passwd"), "which the archive lacks"),
        (manifest_of(Layers=["absent.tar"]), "which the archive lacks"),
        (manifest_of(Layers=["/etc/passwd"]), "which the archive lacks"),
        (manifest_of(Layers="l.tar"), "expected a list of strings"),
        (manifest_of(Layers=[]), "layers length mismatch: expected 1, got 0"),
        (manifest_of(RepoTags=[1]), "expected a list of strings"),
        (docker_archive(Image([BASE], extra={"rootfs": None})), "no RootFS key"),
        (
            docker_archive(Image([BASE], extra={"rootfs": {"diff_ids": ["sha256:" + "0" * 64]}})),
            "invalid diffID for layer",
        ),
        (
            replaced(oci_layout(ONE), {f"blobs/sha256/{sha(BASE)}": TOP}),
            "has the content of",
        ),
        (
            replaced(oci_layout(ONE), {f"blobs/sha256/{sha(ONE.raw)}": ARM.raw}),
            "has other content than its name says",
        ),
        (tar([("../x", b"1")]), "breaks out of the archive's root"),
        (tar([("l.tar", tar([("../../x", b"1")]))]), "breaks out of the archive's root"),
        (
            tar([("l.tar", tar([(link("x", "../../etc/passwd", tarfile.LNKTYPE), b"")]))]),
            "breaks out",
        ),
        (tar([("manifest.json", b" " * (9 << 20))]), "manifest.json is too large"),
    ],
)
def test_refusals(archive: bytes, message: str, staging: Path) -> None:
    with pytest.raises(InvalidParameter, match=message):
        read(archive)
    assert [path.name for path in staging.parent.iterdir()] == ["inside"]


def test_truncated_archives() -> None:
    archive = docker_archive(ONE, TWO)
    for cut in (600, 3000, archive.index(b'"RepoTags"')):
        with pytest.raises(InvalidParameter):
            read(archive[:cut])
        for name in Path().iterdir():
            shutil.rmtree(name)


def test_links_in_circles_lead_nowhere() -> None:
    members = [(link("a", "b"), b""), (link("b", "a"), b"")]
    manifest = encode([{"Config": "a", "Layers": []}])
    with pytest.raises(InvalidParameter, match="which the archive lacks"):
        read(tar([*members, ("manifest.json", manifest)]))


def test_an_index_that_multiplies_itself_is_stopped() -> None:
    blobs: dict[str, bytes] = {}
    inner = encode({"schemaVersion": 2, "manifests": []})
    for _ in range(3):
        blobs[sha(inner)] = inner
        media = "application/vnd.oci.image.index.v1+json"
        entry = {"mediaType": media, "digest": f"sha256:{sha(inner)}", "size": len(inner)}
        inner = encode({"schemaVersion": 2, "manifests": [entry] * 500})
    members = [("index.json", inner), *((f"blobs/sha256/{k}", v) for k, v in blobs.items())]
    with pytest.raises(InvalidParameter, match="too many manifests"):
        read(tar(members))


@pytest.mark.parametrize("compression", ["gzip", "zstd", "xz", "bzip2"])
def test_decompression_bombs_stop_at_the_limit(compression: str, staging: Path) -> None:
    bomb = tar([("zeros", bytes(32 << 20))])
    archive = COMPRESS[compression](docker_archive(Image([bomb]), compression=compression))
    with pytest.raises(InvalidParameter, match="unpacks to more than 1000000 bytes"):
        read(archive, room=1_000_000)
    written = sum(path.stat().st_size for path in staging.rglob("*") if path.is_file())
    assert written <= 1_000_000


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_archives_are_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    archive = bytearray(data.draw(st.sampled_from([docker_archive(ONE), oci_layout(TWO)])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(archive) - 1))
        archive[at] = data.draw(st.integers(0, 255))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("staging"))
        try:
            found = read(bytes(archive))
        except InvalidParameter:
            return
    assert all("config" in image for image in found)
