"""``boxship system prune``: remove everything that nothing uses."""

from __future__ import annotations

from boxship.base.errors import NotFound, NotSupported
from boxship.cli.command import Command
from boxship.cli.commands.image_prune import deleted_text
from boxship.cli.errors import Failed
from boxship.cli.filters import as_parameter, pruned
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.output.units import human_size
from boxship.cli.prompts import confirm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    every = arguments.on("all")
    volumes = arguments.on("volumes")
    given = pruned(app, arguments)
    if volumes and any(text.startswith("until=") for text in given):
        raise Failed('ERROR: The "until" filter is not supported with "--volumes"')
    if not arguments.on("force") and not confirm(app, _warning(every, volumes, given)):
        return 0
    report = _prune(app, "containers", given)
    text = _names("Deleted Containers:", report.get("ContainersDeleted"))
    total = report.get("SpaceReclaimed", 0)
    report = _prune(app, "networks", given)
    text += _names("Deleted Networks:", report.get("NetworksDeleted"))
    if volumes:
        report = _prune(app, "volumes", given)
        text += _names("Deleted Volumes:", report.get("VolumesDeleted"))
        total += report.get("SpaceReclaimed", 0)
    report = _prune(app, "images", [f"dangling={'false' if every else 'true'}", *given])
    text += deleted_text(report)
    total += report.get("SpaceReclaimed", 0)
    report = _prune_cache(app, given, every)
    text += _names("Deleted build cache objects:", report.get("CachesDeleted"))
    total += report.get("SpaceReclaimed", 0)
    app.print(f"{text}Total reclaimed space: {human_size(total)}")
    return 0


def _prune(
    app: App, kind: str, given: list[str], flags: dict[str, bool] | None = None
) -> dict[str, Any]:
    """The daemon's report; empty where it does not have such objects."""
    try:
        query = {"filters": as_parameter(given), **(flags or {})}
        return app.client.json("POST", f"/{kind}/prune", query) or {}
    except (NotFound, NotSupported):
        return {}


def _prune_cache(app: App, given: list[str], every: bool) -> dict[str, Any]:
    """What the builder keeps has no labels: none that is asked for, and any that is not."""
    if any(text.startswith("label=") for text in given):
        return {}
    filters = [text for text in given if not text.startswith("label!=")]
    return _prune(app, "build", filters, {"all": every})


def _names(title: str, names: list[str] | None) -> str:
    return "\n".join([title, *names, "", ""]) if names else ""


def _warning(every: bool, volumes: bool, given: list[str]) -> str:
    lines = ["all stopped containers", "all networks not used by at least one container"]
    if volumes:
        lines.append("all anonymous volumes not used by at least one container")
    lines.append(
        "all images without at least one container associated to them"
        if every
        else "all dangling images"
    )
    lines.append("all build cache" if every else "unused build cache")
    text = f"WARNING! This will remove:\n{_listed(lines)}"
    if given:
        text += f"\n  Items to be pruned will be filtered with:\n{_listed(sorted(given))}"
    return text


def _listed(lines: list[str]) -> str:
    return "".join(f"  - {line}\n" for line in lines)


COMMAND = Command(
    _run,
    "[OPTIONS]",
    (
        switch("all", "Remove every image without a container, not just nameless ones", "a"),
        Flag("filter", "Keep what does not match NAME=VALUE", "filter"),
        switch("force", "Do not ask", "f"),
        switch("volumes", "Remove anonymous volumes too"),
    ),
)
