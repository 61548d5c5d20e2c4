"""EROFS images that hold an archive's metadata and point into it for the data."""

from boxship.archive.erofs.index import IndexBuilder, IndexStats, build_index

__all__ = ["IndexBuilder", "IndexStats", "build_index"]
