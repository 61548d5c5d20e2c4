"""Our reading of JSON beside the standard library's."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.client import jsontext

DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def test_the_fast_way_is_taken() -> None:
    assert jsontext._scan is not None and jsontext._encode is not None


@given(DOCUMENTS, st.booleans())
def test_documents(document: object, ascii_only: bool) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only)
    assert jsontext.loads(f" \r\n{text}\t") == document
    assert jsontext.loads(text.encode("utf-8", "surrogatepass")) == document


@given(DOCUMENTS)
def test_writing(document: object) -> None:
    assert jsontext.dumps(document) == json.dumps(document, separators=(",", ":"))


@given(st.text('{}[]":,0123456789.eE+-truefalsn\\ ', max_size=12))
def test_what_is_refused(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            jsontext.loads(text)
    else:
        assert jsontext.loads(text) == expected


@pytest.mark.parametrize("text", ["", "NaN", "1 2", "[1", b"\xff"])
def test_malformed(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        jsontext.loads(text)
