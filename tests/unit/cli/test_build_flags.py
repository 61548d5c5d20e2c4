"""Flags of builds that are small languages: results, caches, contexts by name."""

import json
from pathlib import Path

import pytest

from boxship.base.errors import InvalidParameter
from boxship.cli.builds.caches import add_to_index, sources_of
from boxship.cli.builds.fields import join_fields, read_fields, split_fields
from boxship.cli.builds.handover import Handover
from boxship.cli.builds.outputs import outputs_of
from boxship.cli.errors import Failed


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("a", ["a"]),
        ("a,b=c,", ["a", "b=c", ""]),
        ('"a,b",c', ["a,b", "c"]),
        ('"a""b"', ['a"b']),
        ("", [""]),
    ],
)
def test_rows_of_fields(text: str, fields: list[str]) -> None:
    assert split_fields(text) == fields
    assert split_fields(join_fields(fields)) == fields


@pytest.mark.parametrize("text", ['"a', '"a"b', '"a""'])
def test_quotes_that_do_not_end(text: str) -> None:
    with pytest.raises(InvalidParameter, match="quote in field"):
        split_fields(text)


def test_names_are_in_small_letters() -> None:
    assert read_fields("Type=X,dest=a=b") == {"type": "X", "dest": "a=b"}
    with pytest.raises(InvalidParameter, match="invalid value x"):
        read_fields("type=a,x")


def _outputs(*texts: str, push: bool = False, load: bool = False) -> list[tuple[str, str, str]]:
    found = outputs_of([*texts], ["t:1", "t:2"], push=push, load=load, terminal=False)
    return [(one.kind, one.target, one.attributes.get("name", "")) for one in found]


def test_an_image_here_unless_told_otherwise(tmp_path: Path) -> None:
    names = "t:1,t:2"
    assert _outputs() == [("moby", "", names)]
    assert _outputs("type=cacheonly") == []
    assert _outputs("type=docker") == [("moby", "", names)]
    assert _outputs(f"{tmp_path}/x") == [("local", f"{tmp_path}/x", "")]
    assert _outputs("-") == [("tar", "-", "")]
    assert _outputs("type=oci") == [("oci", "-", names)]
    assert _outputs(f"type=docker,dest={tmp_path}/x") == [("docker", f"{tmp_path}/x", names)]
    assert _outputs("type=image,name=own") == [("image", "", "own")]
    assert _outputs("-", load=True) == [("tar", "-", ""), ("moby", "", names)]


def test_pushes() -> None:
    for given in (
        outputs_of(["type=registry"], ["t"], push=False, load=False, terminal=False),
        outputs_of([], ["t"], push=True, load=False, terminal=False),
    ):
        (one,) = given
        assert one.kind == "image" and one.attributes == {"push": "true", "name": "t"}


def test_no_archive_on_a_terminal() -> None:
    with pytest.raises(Failed, match="refusing to write to console"):
        outputs_of(["type=oci"], [], push=False, load=False, terminal=True)


def test_caches_by_tag(tmp_path: Path) -> None:
    for tag, digest in (("latest", "sha256:1"), ("other", "sha256:2"), ("latest", "sha256:3")):
        add_to_index(str(tmp_path), {"digest": digest, "size": 1}, tag)
    assert len(json.loads((tmp_path / "index.json").read_text())["manifests"]) == 2
    handover = Handover()
    try:
        words = [f"type=local,src={tmp_path}", f"type=local,src={tmp_path},tag=other", "a/b:c"]
        found = sources_of([*words, f"type=local,src={tmp_path},tag=none"], handover)
        assert [one["Attrs"].get("digest") for one in found] == ["sha256:3", "sha256:2", None]
        assert found[2] == {"Type": "registry", "Attrs": {"ref": "a/b:c"}}
        assert len(handover.descriptors) == 1
    finally:
        handover.close()
