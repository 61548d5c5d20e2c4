"""Addresses of git repositories, as contexts and as sources of ADD."""

import re
from dataclasses import dataclass

_SCP = re.compile(r"[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:(?!//)[^\s]+\Z", re.ASCII)
_HTTP = re.compile(r"https?://[^\s#]+?\.git(?:#[^\s]*)?\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GitAddress:
    """*reference*: a branch, tag or commit, empty for the default; *directory* within it."""

    url: str
    reference: str = ""
    directory: str = ""


def is_git(text: str) -> bool:
    return (
        text.startswith(("git://", "ssh://", "git@"))
        or _HTTP.match(text) is not None
        or (_SCP.match(text) is not None and "/" in text)
    )


def is_git_context(text: str) -> bool:
    """As :func:`is_git`, and Docker's short form for what lies on GitHub."""
    return is_git(text) or text.startswith("github.com/")


def parse(text: str) -> GitAddress:
    """``url#reference:directory``."""
    url, _, fragment = text.partition("#")
    if url.startswith("github.com/"):
        url = "https://" + url
    reference, _, directory = fragment.partition(":")
    return GitAddress(url, reference, directory.strip("/"))
