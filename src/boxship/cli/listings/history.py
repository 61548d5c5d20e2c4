"""The columns of ``boxship history``."""

from __future__ import annotations

from boxship.cli.output.formatter import Listing
from boxship.cli.output.texts import ago, ellipsis, rfc3339_local, short_id
from boxship.cli.output.units import short_size

DEFAULT = ("ID", "CreatedSince", "CreatedBy", "Size", "Comment")
EXACT = ("ID", "CreatedAt", "CreatedBy", "Size", "Comment")
CREATED_BY_LENGTH = 45

TITLES = {
    "ID": "IMAGE",
    "CreatedSince": "CREATED",
    "CreatedAt": "CREATED AT",
    "CreatedBy": "CREATED BY",
    "Size": "SIZE",
    "Comment": "COMMENT",
}


def history(truncate: bool, human: bool) -> Listing:
    def created_by(text: str) -> str:
        text = text.replace("\t", " ")
        return ellipsis(text, CREATED_BY_LENGTH) if truncate else text

    columns = {
        "ID": lambda h: short_id(h["Id"]) if truncate else h["Id"],
        "CreatedSince": lambda h: ago(h["Created"]) if h["Created"] > 0 else "N/A",
        "CreatedAt": lambda h: rfc3339_local(h["Created"]),
        "CreatedBy": lambda h: created_by(h["CreatedBy"]),
        "Size": lambda h: short_size(h["Size"]) if human else str(h["Size"]),
        "Comment": lambda h: h["Comment"],
    }
    return Listing("*image.historyContext", columns, TITLES)
