"""The columns of ``boxship search``."""

from __future__ import annotations

from boxship.cli.output.formatter import Listing
from boxship.cli.output.texts import ellipsis

DEFAULT = ("Name", "Description", "StarCount", "IsOfficial")
DESCRIPTION_LENGTH = 45

TITLES = {
    "Name": "NAME",
    "Description": "DESCRIPTION",
    "StarCount": "STARS",
    "IsOfficial": "OFFICIAL",
    "IsAutomated": "AUTOMATED",
}


def found(truncate: bool) -> Listing:
    def description(text: str) -> str:
        text = text.replace("\n", " ").replace("\r", " ")
        return ellipsis(text, DESCRIPTION_LENGTH) if truncate else text

    columns = {
        "Name": lambda f: f["name"],
        "Description": lambda f: description(f.get("description", "")),
        "StarCount": lambda f: str(f.get("star_count", 0)),
        "IsOfficial": lambda f: "[OK]" if f.get("is_official") else "",
        "IsAutomated": lambda f: "[OK]" if f.get("is_automated") else "",
    }
    return Listing("*formatter.searchContext", columns, TITLES)
