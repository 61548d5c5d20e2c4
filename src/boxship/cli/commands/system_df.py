"""``boxship system df``: the disk space in use."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import listing_format, switch
from boxship.cli.listings import containers, images, volumes
from boxship.cli.listings.disk import DEFAULT, disk, usages
from boxship.cli.output.formatter import is_plain_table
from boxship.cli.output.units import human_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.template.values import Row

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
    explain = arguments.on("explain")
    if explain and (verbose or template):
        raise Failed("--explain conflicts with --verbose and --format")
    report = app.client.json("GET", "/system/df")
    if explain:
        app.print(_explained(report))
    elif verbose and is_plain_table(template):
        app.print(_details(report), end="")
    elif verbose:
        from boxship.cli.output.objects import render

        app.print(render(template, _objects(report)))
    else:
        app.print(disk().shown(template, usages(report), DEFAULT), end="")
    return 0


def _explained(report: dict[str, Any]) -> str:
    from boxship.cli.explanation import advice, holdings
    from boxship.cli.output.columns import align

    found = holdings(report)
    if not found:
        return "Nothing holds space."
    lines = ["WHAT\tSIZE\tWHY IT IS THERE\tTO FREE IT"]
    lines += [f"{h.what}\t{human_size(h.size)}\t{h.why}\t{h.mend}" for h in found]
    total, free = sum(h.size for h in found), sum(h.size for h in found if h.free)
    text = "\n".join(align(lines)) + f"\n\n{human_size(total)} in all. "
    if not free:
        return text + "All of it is in use."
    return text + f"{human_size(free)} of it would be freed by: {advice(found)}"


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


def _objects(report: dict[str, Any]) -> dict[str, list[Row]]:
    """Every object as its own listing would show it, for a template."""
    from boxship.cli.template.values import Row

    image, container = images.images(True), containers.containers(True)
    volume = volumes.volumes()
    found = images.rows(report.get("Images") or [], digests=False)
    return {
        "Images": [Row(image.kind, image.columns, row) for row in found],
        "Containers": [
            Row(container.kind, container.columns, item) for item in report.get("Containers") or []
        ],
        "Volumes": [Row(volume.kind, volume.columns, item) for item in report.get("Volumes") or []],
        "BuildCache": report.get("BuildCache") or [],
    }


def _containers(items: list[dict[str, Any]]) -> str:
    """Only what a container itself wrote counts: its image is listed above."""
    own = [{**item, "SizeRootFs": 0} for item in items]
    return containers.containers(True).table(CONTAINERS, own)


def _volumes(found: list[dict[str, Any]]) -> str:
    from boxship.cli.output.columns import align

    lines = ["VOLUME NAME\tLINKS\tSIZE"]
    for volume in found:
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
    _run,
    "[OPTIONS]",
    (
        switch("explain", "Say what holds the space, why, and what would free it"),
        listing_format(),
        switch("verbose", "Show every object", "v"),
    ),
)
