"""``boxship capture``: make an image of programs of this machine, no network needed."""

from __future__ import annotations

import os
import tempfile

from boxship.capture.build import build
from boxship.cli.command import MANY, Command
from boxship.cli.files import read_chunks, write_output
from boxship.cli.flags.flag import Flag, switch
from boxship.cli.output.units import human_size
from boxship.cli.progress import is_loaded, show_progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.capture.build import CaptureReport
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    tag = arguments.text("tag")
    path = arguments.text("output")
    with tempfile.TemporaryFile() as archive:
        report = build(arguments.positional, archive, tag)
        archive.flush()
        os.lseek(archive.fileno(), 0, os.SEEK_SET)
        chunks = read_chunks(archive.fileno())
        if path:
            write_output(path, chunks)
        else:
            headers = {"Content-Type": "application/x-tar"}
            documents = app.client.documents(
                "POST", "/images/load", {"quiet": True}, chunks, headers
            )
            show_progress(documents, 1, is_loaded, quiet=True)
    _warn(app, report)
    if arguments.on("quiet"):
        app.print(report.image)
    else:
        app.print(f"Captured {tag}: {report.files} files, {human_size(report.size)}")
    return 0


def _warn(app: App, report: CaptureReport) -> None:
    for library, wanted_by in sorted(report.missing.items()):
        app.warn(f"WARNING: {library}, which {wanted_by} needs, was not found")
    for path in report.unreadable:
        app.warn(f"WARNING: {path} could not be read and was left out")


COMMAND = Command(
    _run,
    "[OPTIONS] PROGRAM [PROGRAM...]",
    (
        Flag("output", "File to write the archive to, in place of loading it", short="o"),
        switch("quiet", "Print only the image's id", "q"),
        Flag("tag", "Name of the image", short="t", default="captured:latest"),
    ),
    least=1,
    most=MANY,
)
