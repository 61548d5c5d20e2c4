"""Ranges of downloads and of chunks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.oci.distribution.ranges import Span, Unsatisfiable, chunk, requested, uploaded

SIZES = st.integers(0, 1000)


@given(SIZES, st.integers(0, 1200), st.integers(0, 1200))
def test_a_range_is_a_slice(size: int, first: int, last: int) -> None:
    content = bytes(index % 251 for index in range(size))
    header = f"bytes={first}-{last}"
    if last < first:
        assert first >= size or requested(header, size) is None
        return
    if first >= size:
        with pytest.raises(Unsatisfiable):
            requested(header, size)
        return
    span = requested(header, size)
    assert span is not None
    assert content[span.start : span.start + span.count] == content[first : last + 1]
    end = span.start + span.count - 1
    assert span.content_range(size) == f"bytes {span.start}-{end}/{size}"


@given(SIZES, st.integers(1, 1200))
def test_a_suffix_is_the_end(size: int, count: int) -> None:
    if size == 0:
        with pytest.raises(Unsatisfiable):
            requested(f"bytes=-{count}", size)
    else:
        assert requested(f"bytes=-{count}", size) == Span(max(0, size - count), min(size, count))


@given(st.text(max_size=30), SIZES)
def test_no_header_breaks_anything(text: str, size: int) -> None:
    for header in (text, f"bytes={text}", f"bytes={text}-", f"bytes=-{text}"):
        try:
            span = requested(header, size)
        except Unsatisfiable:
            continue
        assert span is None or 0 <= span.start < span.start + span.count <= size


@pytest.mark.parametrize("header", ["bytes=" + "9" * 5000 + "-", "bytes=-" + "9" * 5000])
def test_numbers_without_end(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        requested(header, 10)


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_chunk_has_a_place(first: int, last: int) -> None:
    expected = Span(first, last - first + 1) if last >= first else None
    assert chunk(f"{first}-{last}") == expected


@pytest.mark.parametrize(
    "text", ["", "-", "1-", "-1", "bytes 0-1", "0-1/2", "a-b", "١-٢", "0-" + "9" * 30, "1 - 2"]
)
def test_chunks_without_a_place(text: str) -> None:
    assert chunk(text) is None


@pytest.mark.parametrize(("size", "text"), [(0, "0-0"), (1, "0-0"), (10, "0-9")])
def test_what_an_upload_has(size: int, text: str) -> None:
    assert uploaded(size) == text
