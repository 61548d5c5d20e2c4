"""The documents keep up with the tree."""

import re

import pytest

from boxship.api.routes import ROUTES
from support import sources

PACKAGES = sorted(path.parent.name for path in sources.PACKAGE.glob("*/__init__.py"))
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def test_architecture_names_every_package() -> None:
    text = (sources.ROOT / "docs" / "ARCHITECTURE.md").read_text()
    assert [name for name in PACKAGES if f"`{name}`" not in text] == []


def test_every_package_has_a_layer() -> None:
    text = (sources.ROOT / "pyproject.toml").read_text()
    layers = text[text.index("layers = [") :]
    layers = layers[: layers.index("]")]
    assert [name for name in PACKAGES if not re.search(rf"\b{name}\b", layers)] == []


def test_decisions_are_numbered_without_gaps() -> None:
    records = sorted((sources.ROOT / "docs" / "adr").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))


def test_links_lead_somewhere() -> None:
    dead = [
        f"{sources.name_of(path)}: {target}"
        for path in sources.tracked("*.md")
        for target in LINK.findall(path.read_text())
        if not (path.parent / target).exists()
    ]
    assert dead == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"])
def test_front_matter_exists(name: str) -> None:
    assert (sources.ROOT / name).stat().st_size > 300


def test_every_make_target_is_described() -> None:
    text = (sources.ROOT / "Makefile").read_text()
    phony = re.search(r"(?m)^\.PHONY: (.*)$", text)
    assert phony
    bare = [name for name in phony[1].split() if not re.search(rf"(?m)^{name}:.*## ", text)]
    assert bare == []


def test_api_page_lists_every_route() -> None:
    text = (sources.ROOT / "docs" / "API.md").read_text()
    listed = re.findall(r"(?m)^\| `([A-Z]+ /[^`]*)` \| ([\d.]+) \|", text)
    served = [(f"{r.method} {r.pattern}", ".".join(map(str, r.since))) for r in ROUTES]
    assert sorted(listed) == sorted(served)
