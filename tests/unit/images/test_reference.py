"""Names of images: Docker's normalisation and wording."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.images import reference as references

A64 = "a" * 64
DIGEST = f"sha256:{A64}"


@pytest.mark.parametrize(
    ("text", "full", "familiar"),
    [
        ("busybox", "docker.io/library/busybox", "busybox"),
        ("busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"),
        ("docker.io/busybox", "docker.io/library/busybox", "busybox"),
        ("index.docker.io/library/busybox", "docker.io/library/busybox", "busybox"),
        ("docker.io/library/user/x", "docker.io/library/user/x", "library/user/x"),
        ("user/app", "docker.io/user/app", "user/app"),
        ("localhost/app", "localhost/app", "localhost/app"),
        ("localhost:5000/a/b:c", "localhost:5000/a/b:c", "localhost:5000/a/b:c"),
        ("Upper/app", "Upper/app", "Upper/app"),
        ("[fe80::1]:5000/x", "[fe80::1]:5000/x", "[fe80::1]:5000/x"),
        ("a.b/c__d/e-f--g.h", "a.b/c__d/e-f--g.h", "a.b/c__d/e-f--g.h"),
        (f"x:t@{DIGEST}", f"docker.io/library/x:t@{DIGEST}", f"x:t@{DIGEST}"),
    ],
)
def test_names_are_normalised(text: str, full: str, familiar: str) -> None:
    reference = references.parse(text)
    assert str(reference) == full
    assert reference.familiar == familiar
    assert references.parse(str(reference)) == reference


# Recorded from dockerd 26.1.5.
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "invalid reference format"),
        ("-", "invalid reference format"),
        (":x", "invalid reference format"),
        ("a:b:c", "invalid reference format"),
        ("a//b", "invalid reference format"),
        ("x@sha256:abc", "invalid reference format"),
        ("a b", "invalid reference format"),
        ("x\n", "invalid reference format"),
        ("a___b", "invalid reference format"),
        (f"x:{'t' * 129}", "invalid reference format"),
        (
            "library/X",
            "invalid reference format: repository name (library/X) must be lowercase",
        ),
        ("Nope", "invalid reference format: repository name (library/Nope) must be lowercase"),
        (
            A64,
            f"invalid repository name ({A64}), cannot specify 64-byte hexadecimal strings",
        ),
    ],
)
def test_refusals_use_dockers_words(text: str, message: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        references.parse(text)
    assert str(error.value) == message


def test_a_name_may_have_255_characters() -> None:
    room = 255 - len("docker.io/library/")
    references.parse("a" * room)
    with pytest.raises(InvalidParameter, match="must not be more than 255"):
        references.parse("a" * (room + 1))


def test_latest_is_implied_only_without_tag_and_digest() -> None:
    assert references.parse("x").with_default_tag().tag == "latest"
    assert references.parse("x:y").with_default_tag().tag == "y"
    assert references.parse(f"x@{DIGEST}").with_default_tag().tag is None


@pytest.mark.parametrize(
    ("repository", "tag", "expected"),
    [("x", "", "x:latest"), ("x", "y", "x:y"), ("x:1", "", "x:1"), ("x:1", "2", "x:2")],
)
def test_tagging_targets(repository: str, tag: str, expected: str) -> None:
    assert references.parse_tagged(repository, tag).familiar == expected


@pytest.mark.parametrize(
    ("repository", "tag", "message"),
    [
        ("x", "b@d", "invalid tag format"),
        (f"x@{DIGEST}", "", "cannot import digest reference"),
        (
            "sha256",
            "b",
            "refusing to create an ambiguous tag using digest algorithm as name",
        ),
    ],
)
def test_tagging_refusals(repository: str, tag: str, message: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        references.parse_tagged(repository, tag)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "image_id", "prefix"),
    [
        (A64, DIGEST, A64),
        (DIGEST, DIGEST, A64),
        ("abc", None, "abc"),
        ("sha256:abc", None, "abc"),
        ("xyz", None, None),
        ("ABC", None, None),
    ],
)
def test_what_may_be_an_id(text: str, image_id: str | None, prefix: str | None) -> None:
    assert references.as_image_id(text) == image_id
    assert references.as_id_prefix(text) == prefix


@given(st.text(max_size=300))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        reference = references.parse(text)
    except InvalidParameter:
        return
    assert references.parse(str(reference)) == reference
    # The familiar form means the same, unless it reads as an ID.
    if references.as_image_id(reference.familiar) is None:
        assert references.parse(reference.familiar) == reference


_COMPONENT = st.from_regex(r"\A[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*\Z").filter(lambda c: len(c) < 30)


_TAG = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}\Z")


@given(st.lists(_COMPONENT, min_size=1, max_size=4), st.none() | _TAG)
def test_well_formed_names_survive(parts: list[str], tag: str | None) -> None:
    # Behind a registry a dot means nothing.
    text = "registry.test/" + "/".join(parts)
    reference = references.parse(text + (f":{tag}" if tag else ""))
    assert (reference.repository, reference.tag) == (text, tag)
