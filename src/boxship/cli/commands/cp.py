"""``boxship cp``: copy files between a container and this machine."""

from __future__ import annotations

import os
import posixpath

from boxship.cli.command import Command
from boxship.cli.copy import remote
from boxship.cli.copy.pack import Packer
from boxship.cli.copy.places import Place, base_name, plan, split_argument, wants_contents
from boxship.cli.copy.unpack import unpack
from boxship.cli.errors import Failed
from boxship.cli.files import read_chunks
from boxship.cli.flags.flag import switch
from boxship.cli.output.units import human_size
from boxship.cli.pump import write_all
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    source, target = arguments.positional
    if not source or not target:
        raise Failed(f"{'source' if not source else 'destination'} can not be empty")
    source_container, source_path = split_argument(source)
    target_container, target_path = split_argument(target)
    if source_container and target_container:
        raise Failed("copying between containers is not supported")
    if source_container:
        return _from_container(app, arguments, source_container, source_path, target)
    if target_container:
        return _to_container(app, arguments, source, target_container, target_path)
    raise Failed("must specify at least one container source")


def _from_container(app: App, arguments: Arguments, container: str, path: str, target: str) -> int:
    client = app.client
    path = _absolute(path)
    source = remote.resolve(client, container, path) if arguments.on("follow-link") else path
    answer = remote.read(client, container, source)
    if target == "-":
        for chunk in answer.chunks():
            write_all(1, chunk)
        return 0
    found = remote.stat_of(answer)
    place = Place(target, os.path.exists(target), os.path.isdir(target))
    steps = plan(source, remote.is_directory(found), place)
    if not steps.prefix and source != path and base_name(path):
        # A followed link keeps its own name.
        steps.strip, steps.prefix = base_name(source), base_name(path)
    size = unpack(answer.chunks(), steps, keep_owner=arguments.on("archive"))
    _report(app, arguments, size, os.path.abspath(target))
    return 0


def _to_container(app: App, arguments: Arguments, source: str, container: str, path: str) -> int:
    client = app.client
    path = _absolute(path)
    target = remote.target(client, container, path)
    archive = arguments.on("archive")
    if source == "-":
        if not target.is_directory:
            raise Failed(f'destination "{container}:{path}" must be a directory')
        remote.write(client, container, target.path, read_chunks(0), archive)
        return 0
    local = _local_source(source, arguments.on("follow-link"))
    if not target.exists:
        # A missing container is worth its own error.
        client.json("GET", paths.container(container, "json"))
    steps = plan(source, os.path.isdir(local) and not os.path.islink(local), target)
    name = steps.prefix or base_name(os.path.abspath(source) if source == ".." else source)
    packer = Packer(local, "" if wants_contents(source) and not steps.prefix else name)
    remote.write(client, container, steps.directory, iter(packer), archive)
    _report(app, arguments, packer.count, f"{container}:{path}")
    return 0


def _absolute(path: str) -> str:
    """Containers have no current directory for us; a trailing slash or dot keeps its meaning."""
    return path if path.startswith("/") else posixpath.join("/", path)


def _local_source(path: str, follow: bool) -> str:
    if not os.path.lexists(path.rstrip("/") or "/"):
        raise Failed(f"lstat {os.path.abspath(path)}: no such file or directory")
    if path.endswith(("/", "/.")) and not os.path.isdir(path):
        raise Failed("not a directory")
    trailing = path.endswith("/") or wants_contents(path)
    return os.path.realpath(path) if follow or trailing else path


def _report(app: App, arguments: Arguments, size: int, target: str) -> None:
    quiet = arguments.on("quiet") if arguments.given("quiet") else not app.errors_are_terminal()
    if not quiet:
        app.warn(f"Successfully copied {human_size(size)} to {target}")


COMMAND = Command(
    _run,
    "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n"
    "\tboxship cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
    (
        switch("archive", "Keep owners and groups", "a"),
        switch("follow-link", "Copy what a link SRC_PATH leads to", "L"),
        switch("quiet", "Show nothing", "q"),
    ),
    least=2,
    most=2,
    notes="With - as DEST_PATH, the tar archive of the source goes to stdout; with - as SRC_PATH,\n"
    "one from stdin is unpacked in the directory DEST_PATH.",
)
