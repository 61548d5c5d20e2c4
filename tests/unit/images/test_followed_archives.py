"""The digest of an archive that is still being written."""

from pathlib import Path

import pytest

from boxship.base.digests import sha256
from boxship.images.following import FollowedArchive

DATA = bytes(range(256)) * 10_000


def test_the_digest_is_that_of_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "layer.tar"
    archive = FollowedArchive(path)
    with pytest.raises(FileNotFoundError):
        archive.follow(1)
    with path.open("wb", 0) as file:
        for start in range(0, len(DATA), 640_000):
            file.write(DATA[start : start + 640_000])
            archive.follow(start + 640_000)
    assert archive.digest(len(DATA)) == sha256(DATA)
    archive.close()


def test_an_archive_that_is_shorter_than_said_has_none(tmp_path: Path) -> None:
    path = tmp_path / "layer.tar"
    path.write_bytes(DATA)
    archive = FollowedArchive(path)
    archive.follow(1 << 60)
    assert archive.digest(len(DATA) + 1) == ""
    archive.close()
    archive.follow(1)  # late: nothing is opened again


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(DATA)
    (tmp_path / "layer.tar").symlink_to("secret")
    archive = FollowedArchive(tmp_path / "layer.tar")
    with pytest.raises(OSError, match="symbolic link"):
        archive.digest(len(DATA))
    archive.close()
