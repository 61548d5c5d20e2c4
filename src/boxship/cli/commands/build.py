"""``boxship build``: make an image by a Dockerfile."""

from __future__ import annotations

import os

from boxship.base.errors import InvalidParameter
from boxship.cli.build_request import context_of
from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, many, switch
from boxship.cli.pump import write_all
from boxship.cli.run_flags.network import extra_host
from boxship.cli.run_flags.resources import parse_ulimit
from boxship.client.jsontext import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.client.query import Value

_PROGRESS = ("auto", "plain", "tty", "rawjson", "quiet")


def _run(app: App, arguments: Arguments) -> int:
    progress = arguments.text("progress") or "auto"
    if progress not in _PROGRESS:
        raise InvalidParameter(f"invalid progress mode {progress}")
    quiet = arguments.on("quiet") or progress == "quiet"
    context = context_of(app, arguments)
    query = {**_parameters(arguments, quiet), **context.parameters}
    headers = {"Content-Type": context.kind}
    documents = app.client.documents("POST", "/build", query, context.body, headers)
    image = _show(documents, raw=progress == "rawjson")
    if arguments.text("iidfile") and image:
        with open(arguments.text("iidfile"), "w") as file:
            file.write(image)
    return 0


def _parameters(arguments: Arguments, quiet: bool) -> dict[str, Value]:
    text, number = arguments.text, arguments.number
    query: dict[str, Value] = {
        "t": arguments.texts("tag"),
        "q": quiet,
        "nocache": arguments.on("no-cache"),
        "pull": arguments.on("pull"),
        "rm": arguments.on("rm"),
        "forcerm": arguments.on("force-rm"),
        "squash": arguments.on("squash") or None,
        "target": text("target") or None,
        "platform": text("platform") or None,
        "networkmode": text("network") or None,
        "cgroupparent": text("cgroup-parent") or None,
        "extrahosts": ",".join(arguments.texts("add-host")) or None,
        "cpusetcpus": text("cpuset-cpus") or None,
        "cpusetmems": text("cpuset-mems") or None,
        "buildargs": _json(_pairs(arguments.texts("build-arg"), from_environment=True)),
        "labels": _json(_pairs(arguments.texts("label"))),
        "cachefrom": _json(arguments.texts("cache-from")),
        "isolation": text("isolation") or None,
        "securityopt": _json(arguments.texts("security-opt")),
        "ulimits": _json(arguments.texts("ulimit")),
    }
    for flag, name in _NUMBERS.items():
        query[name] = number(flag) or None
    return query


_NUMBERS = {
    "cpu-period": "cpuperiod",
    "cpu-quota": "cpuquota",
    "cpu-shares": "cpushares",
    "memory": "memory",
    "memory-swap": "memswap",
    "shm-size": "shmsize",
}


def _json(value: list[str] | dict[str, str]) -> str | None:
    return dumps(value) if value else None


def _pairs(texts: list[str], from_environment: bool = False) -> dict[str, str]:
    """``NAME=VALUE``; an argument that is a name alone takes its value from here, if it has one."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if equals or not from_environment:
            found[name] = value
        elif name in os.environ:
            found[name] = os.environ[name]
    return found


def _show(documents: Iterable[dict[str, Any]], raw: bool) -> str:
    """Print what the daemon tells; the ID of the image. The program's own exit status ends ours."""
    image = ""
    for document in documents:
        if raw:
            write_all(1, (dumps(document) + "\n").encode())
        stream = document.get("stream", "")
        if document.get("error"):
            code = (document.get("errorDetail") or {}).get("code") or 1
            raise Failed(str(document["error"]), code)
        image = (document.get("aux") or {}).get("ID") or image
        if stream.startswith("sha256:"):
            image = stream.strip()
        if stream and not raw:
            write_all(1, stream.encode("utf-8", "surrogateescape"))
    return image


COMMAND = Command(
    _run,
    "[OPTIONS] PATH | URL | -",
    (
        many("add-host", "Line of /etc/hosts, NAME:ADDRESS", parse=extra_host),
        many("build-arg", "Value of an ARG, NAME=VALUE"),
        many("cache-from", "Image whose layers may be used"),
        Flag("cgroup-parent", "Control group that steps run in"),
        switch("compress", "Send the context compressed"),
        Flag("cpu-period", "Length of a scheduler period, in microseconds", "int"),
        Flag("cpu-quota", "Processor time in a period, in microseconds", "int"),
        Flag("cpu-shares", "Weight against other containers", "int", short="c"),
        Flag("cpuset-cpus", "Processors that steps may use, 0-3 or 0,1"),
        Flag("cpuset-mems", "Memory nodes that steps may use"),
        Flag("disable-content-trust", "Accepted for scripts that pass it", "bool", hidden=True),
        Flag("file", "Dockerfile (in place of PATH/Dockerfile)", short="f"),
        switch("force-rm", "Remove the container of a step that failed, too"),
        Flag("iidfile", "File that takes the image's ID"),
        Flag("isolation", "Isolation of steps: default"),
        many("label", "Label of the image, NAME=VALUE"),
        Flag("memory", "Memory that a step may use", "bytes", short="m"),
        Flag("memory-swap", "Memory and swap together, -1 without limit", "swap"),
        Flag("network", "Network that steps run in"),
        switch("no-cache", "Carry every step out again"),
        switch("plan", "Print the stages and steps instead of building"),
        Flag("platform", "Platform of the image, os/arch"),
        Flag("progress", "How to show progress: auto, plain, tty, rawjson or quiet"),
        switch("pull", "Ask the registry for newer base images"),
        switch("quiet", "Print nothing but the image's ID", "q"),
        switch("rm", "Remove the containers of steps", default=True),
        many("secret", "Secret for steps, id=NAME,src=FILE or id=NAME,env=VARIABLE"),
        many("security-opt", "Security option of steps"),
        Flag("shm-size", "Size of /dev/shm", "bytes"),
        switch("squash", "Make one layer of the new ones"),
        many("tag", "Name of the image, NAME:TAG", "t"),
        Flag("target", "Stage to build"),
        many("ulimit", "Process limit, NAME=SOFT[:HARD]", parse=parse_ulimit),
    ),
    least=1,
    most=1,
)
