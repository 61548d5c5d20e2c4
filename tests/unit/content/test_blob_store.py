"""The blob store: verified, complete or absent."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxship.base.digests import sha256
from boxship.base.errors import InvalidParameter, NotFound
from boxship.content.store import BlobStore, Incoming


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path)


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_what_was_put_is_found(store: BlobStore) -> None:
    digest = store.put(b"hello")
    assert digest == sha256(b"hello")
    assert digest in store
    assert list(store) == [digest]
    assert store.read(digest) == b"hello"
    assert store.size(digest) == 5


def test_putting_twice_is_harmless(store: BlobStore) -> None:
    assert store.put(b"x") == store.put(b"x")
    assert len(list(store)) == 1


def test_wrong_content_leaves_nothing(store: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match="as announced"):
        store.write(sha256(b"a"), [b"b"])
    assert files(tmp_path) == []


def test_a_writer_that_fails_leaves_nothing(store: BlobStore, tmp_path: Path) -> None:
    def chunks() -> "list[bytes]":
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        store.write(sha256(b"a"), (chunk for chunk in chunks()))
    assert files(tmp_path) == []


def test_nothing_is_visible_before_the_commit(store: BlobStore) -> None:
    incoming = Incoming(store, sha256(b"ab"))
    incoming.write(b"a")
    assert list(store) == []
    incoming.write(memoryview(b"b"))
    assert incoming.commit() == 2
    incoming.abort()
    assert store.read(sha256(b"ab")) == b"ab"


def test_sweep_removes_what_dead_writers_left(store: BlobStore, tmp_path: Path) -> None:
    kept = store.put(b"kept")
    Incoming(store, sha256(b"x")).write(b"x")
    store.sweep()
    assert files(tmp_path) == [store.path(kept)]


def test_absent_blobs(store: BlobStore) -> None:
    absent = sha256(b"absent")
    assert absent not in store
    for look in (store.open, store.size, store.read):
        with pytest.raises(NotFound):
            look(absent)
    store.delete(absent)


def test_delete(store: BlobStore) -> None:
    digest = store.put(b"x")
    store.delete(digest)
    assert digest not in store


@pytest.mark.parametrize(
    "name", ["", "sha256:", "sha256:../../etc", "md5:00", "sha256:" + "A" * 64]
)
def test_names_that_are_no_digests(store: BlobStore, name: str) -> None:
    with pytest.raises(InvalidParameter):
        store.path(name)


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=100), max_size=6))
def test_chunks_do_not_matter(tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]) -> None:
    store = BlobStore(tmp_path_factory.mktemp("blobs"))
    data = b"".join(parts)
    assert store.write(sha256(data), parts) == len(data)
    assert store.read(sha256(data)) == data
