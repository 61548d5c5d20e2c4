"""``boxship system df``: the disk space in use."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import listing_format, switch
from boxship.cli.listings import containers, images
from boxship.cli.listings.disk import DEFAULT, disk, usages
from boxship.cli.output.formatter import is_plain_table
from boxship.cli.output.units import human_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments

IMAGES = (
    "Repository",
    "Tag",
    "ID",
    "CreatedSince",
    "Size",
    "SharedSize",
    "UniqueSize",
    "Containers",
)
CONTAINERS = ("ID", "Image", "Command", "LocalVolumes", "Size", "RunningFor", "Status", "Names")


def _run(app: App, arguments: Arguments) -> int:
    template = arguments.text("format")
    verbose = arguments.on("verbose")
    if verbose and template:
        raise Failed("the verbose and the format options conflict")
    report = app.client.json("GET", "/system/df")
    if verbose:
        app.print(_details(report), end="")
    elif is_plain_table(template):
        app.print(disk().table(DEFAULT, usages(report)), end="")
    else:
        app.print(disk().formatted(template, usages(report)), end="")
    return 0


def _details(report: dict[str, Any]) -> str:
    rows = list(images.rows(report.get("Images") or [], digests=False))
    cache = sum(r.get("Size", 0) for r in report.get("BuildCache") or [] if not r.get("Shared"))
    return (
        f"Images space usage:\n\n{images.images(True).table(IMAGES, rows)}"
        "\nContainers space usage:\n\n"
        f"{_containers(report.get('Containers') or [])}"
        f"\nLocal Volumes space usage:\n\n{_volumes(report.get('Volumes') or [])}"
        f"\nBuild cache usage: {human_size(cache)}\n\n{_cache(report.get('BuildCache') or [])}"
    )


def _containers(items: list[dict[str, Any]]) -> str:
    """Only what a container itself wrote counts: its image is listed above."""
    own = [{**item, "SizeRootFs": 0} for item in items]
    return containers.containers(True).table(CONTAINERS, own)


def _volumes(volumes: list[dict[str, Any]]) -> str:
    from boxship.cli.output.columns import align

    lines = ["VOLUME NAME\tLINKS\tSIZE"]
    for volume in volumes:
        data = volume.get("UsageData") or {}
        size = data.get("Size", -1)
        shown = "N/A" if size < 0 else human_size(size)
        lines.append(f"{volume['Name']}\t{data.get('RefCount', 0)}\t{shown}")
    return "".join(f"{line}\n" for line in align(lines))


def _cache(records: list[dict[str, Any]]) -> str:
    from boxship.cli.output.columns import align

    lines = ["CACHE ID\tCACHE TYPE\tSIZE\tCREATED\tLAST USED\tUSAGE\tSHARED"]
    for record in records:
        shared = str(bool(record.get("Shared"))).lower()
        lines.append(
            f"{record['ID'][:12]}\t{record.get('Type', '')}\t{human_size(record.get('Size', 0))}"
            f"\t{record.get('CreatedAt', '')}\t{record.get('LastUsedAt') or ''}"
            f"\t{record.get('UsageCount', 0)}\t{shared}"
        )
    return "".join(f"{line}\n" for line in align(lines))


COMMAND = Command(
    _run, "[OPTIONS]", (listing_format(), switch("verbose", "Show every object", "v"))
)
