"""Names, labels, and files that describe the container."""

from __future__ import annotations

from boxship.cli.errors import UsageError
from boxship.cli.flags.flag import Flag, many
from boxship.cli.run_flags.env import read_lines
from boxship.cli.run_flags.placed import Placed, key_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body


def _label(text: str) -> str:
    if text.startswith("="):
        raise ValueError(f"invalid label '{text}': empty name")
    return text


ROWS = (
    Placed(Flag("name", "Name of the container")),
    Placed(Flag("hostname", "Host name inside", short="h"), "Hostname"),
    Placed(Flag("domainname", "NIS domain name inside"), "Domainname"),
    Placed(many("label", "Label, NAME=VALUE", "l", parse=_label)),
    Placed(many("label-file", "File with a label on each line")),
    Placed(
        many("annotation", "Annotation handed to the runtime, NAME=VALUE", shows="map"),
        "HostConfig.Annotations",
        key_values,
    ),
    Placed(Flag("cidfile", "File to write the container's id to"), "HostConfig.ContainerIDFile"),
    Placed(Flag("platform", "Platform of a multi-platform image, os/arch")),
)


def apply(arguments: Arguments, body: Body) -> None:
    """Labels: those of files first, so that flags win."""
    lines = [line for path in arguments.texts("label-file") for line in read_lines(path)]
    for line in lines:
        if line.startswith("="):
            raise UsageError(f"invalid label '{line}': empty name")
    # A line of a file needs a value; a flag does not.
    labels = key_values([*(line for line in lines if "=" in line), *arguments.texts("label")])
    if labels:
        body["Labels"] = labels
