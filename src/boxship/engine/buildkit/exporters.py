"""What becomes of a build's results: images here, archives, or files at the client."""

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError
from boxship.builder.buildkit.attachments import Attachment
from boxship.builder.buildkit.control import Exporter
from boxship.builder.buildkit.vertexes import Step
from boxship.engine.buildkit import (
    compression,
    export_archives,
    export_files,
    export_images,
    timestamps,
)
from boxship.engine.buildkit.built import Built
from boxship.engine.buildkit.export import Export
from boxship.engine.buildkit.sessions import Client
from boxship.wire.grpc.status import Code, GrpcError

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


# Of files as such: BuildKit does not look at the compression that these are told.
_OF_FILES = ("local", "tar")
_OF_IMAGES = ("moby", "image")
_EXPORTERS = {
    "moby": ("exporting to image", export_images.store),
    "image": ("exporting to image", export_images.store),
    "local": ("exporting to client directory", export_files.directory),
    "tar": ("exporting to client tarball", export_files.archive),
    "oci": ("exporting to oci image format", export_archives.export),
    "docker": ("exporting to docker image format", export_archives.export),
}


def check(wanted: Sequence[Exporter]) -> None:
    """Refuse at once what cannot be done in the end. BoxshipError, GrpcError."""
    for one in wanted:
        if one.type not in _EXPORTERS:
            raise GrpcError(Code.UNKNOWN, f"exporter {one.type!r} could not be found")
        if one.type not in _OF_FILES:
            compression.asked(one.attrs)
        if one.type in _OF_IMAGES:
            export_images.check(one.attrs)


async def export(
    engine: "Engine",
    wanted: Exporter,
    results: Sequence[Built],
    session: Client,
    begin: Callable[[str], Step],
) -> tuple[dict[str, str], list[Attachment]]:
    """What the client is told of the results, and the documents of what was written, that of the
    whole first. GrpcError, BoxshipError."""
    title, work = _EXPORTERS[wanted.type]
    step = begin(title)
    try:
        with contextlib.ExitStack() as until:
            one = Export(engine, wanted, results, session, step, until)
            if one.is_set("rewrite-timestamp"):
                one.results = [await timestamps.clamped(engine, built) for built in results]
            return await work(one), one.documents
    except (BoxshipError, GrpcError) as error:
        step.end(str(error))
        raise
    finally:
        step.end()
