"""Names and entries of manifests, client side; the daemon reads names in the same way."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.cli.errors import Failed
from boxship.cli.manifests import entries, names
from boxship.images import reference as references

WORDS = st.text("abAB01._-", min_size=1, max_size=8)
DIGEST = st.sampled_from(["@sha256:" + "a" * 64, "@sha256:xyz", "@sha512:" + "0" * 128, ""])
NAMES = st.builds(
    lambda parts, tag, digest: "/".join(parts) + tag + digest,
    st.lists(WORDS | st.sampled_from(["localhost", "a.b:5000", "index.docker.io"]), min_size=1),
    st.just("") | WORDS.map(lambda tag: f":{tag}"),
    DIGEST,
)


def by_the_daemon(text: str) -> tuple[str, str] | None:
    try:
        found = references.parse(text).with_default_tag()
    except InvalidParameter:
        return None
    return str(found), found.familiar


def by_the_client(text: str) -> tuple[str, str] | None:
    try:
        found = names.parse(text)
    except InvalidParameter:
        return None
    return found.full, found.shown


@example("0./0")
@example("a..b/c")
@example("a-.b/c")
@given(NAMES | st.text(max_size=40))
def test_client_and_daemon_read_names_alike(text: str) -> None:
    # A name that is an image's ID, or too long, is the daemon's to refuse.
    if not re.fullmatch("[a-f0-9]{64}", text) and len(text) < 200:
        assert by_the_client(text) == by_the_daemon(text)


@given(NAMES | st.text(max_size=40))
def test_files_stay_in_their_directory(text: str) -> None:
    found = by_the_client(text)
    if found is not None:
        file = names.parse(text).file
        assert "/" not in file and not file.startswith(".")


def entry(media_type: str = entries.DOCKER) -> dict[str, object]:
    platform = {"os": "linux", "architecture": "amd64"}
    return entries.make("a/b:1", media_type, "sha256:1", b'{"x": 1}', platform)


def test_lists_are_dockers_only_where_all_in_them_is() -> None:
    docker, oci = entry(), entry(entries.OCI)
    assert entries.make_list([docker])["mediaType"] == entries.DOCKER_LIST
    assert entries.make_list([docker, oci])["mediaType"] == entries.OCI_INDEX
    assert entries.raw(docker) == b'{"x": 1}' and entries.document(oci) == {"x": 1}


def test_annotations_keep_what_they_do_not_name_and_refuse_what_is_not_served() -> None:
    one = entry()
    entries.annotate(one, {"architecture": "arm64", "variant": "v8", "os": ""})
    assert one["Descriptor"]["platform"] == {
        "architecture": "arm64",
        "os": "linux",
        "variant": "v8",
    }
    with pytest.raises(Failed, match="unsupported os/arch combination: linux/vax"):
        entries.annotate(one, {"architecture": "vax"})


def test_an_entry_without_content_is_told_of() -> None:
    with pytest.raises(Failed, match="it has no content"):
        entries.raw({"Ref": "a:1", "Descriptor": {}})
