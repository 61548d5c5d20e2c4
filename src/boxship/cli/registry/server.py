"""What a registry is called: by users, by image names, and as a key of ``config.json``."""

from __future__ import annotations

HUB_KEY = "https://index.docker.io/v1/"
_HUB = ("", "docker.io", "index.docker.io", "registry-1.docker.io", "hub.docker.com")


def key_of_server(text: str) -> str:
    """The key under which a login at *text*, a host or a URL, is kept."""
    host = host_of(text)
    return HUB_KEY if host in _HUB else host


def key_of_image(image: str) -> str:
    """The key for the registry that *image* comes from."""
    first, slash, _ = image.partition("/")
    is_host = "." in first or ":" in first or first == "localhost" or first.lower() != first
    return key_of_server(first if slash and is_host else "")


def host_of(text: str) -> str:
    """*text* without scheme and path."""
    return text.partition("://")[2].partition("/")[0] if "://" in text else text.partition("/")[0]
