"""Image names as the user types them."""

from __future__ import annotations


def split_reference(name: str) -> tuple[str, str]:
    """Repository and tag (or digest) of ``repo``, ``repo:tag`` and ``repo@digest``; "" if none."""
    repository, at, digest = name.partition("@")
    if at:
        return repository, digest
    repository, colon, tag = name.rpartition(":")
    # A colon before the last slash belongs to a registry's port.
    return (repository, tag) if colon and "/" not in tag else (name, "")


def with_default_tag(name: str) -> str:
    """*name* as messages show it: ``busybox`` is ``busybox:latest``."""
    return name if split_reference(name)[1] else f"{name}:latest"
