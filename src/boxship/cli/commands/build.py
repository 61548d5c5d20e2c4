"""``boxship build``: make an image, or files, by a Dockerfile."""

from __future__ import annotations

from boxship.base.errors import InvalidParameter
from boxship.cli.builds.attributes import CALLS
from boxship.cli.command import Command
from boxship.cli.flags.flag import Flag, many, switch
from boxship.cli.run_flags.network import extra_host
from boxship.cli.run_flags.resources import parse_ulimit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    isolation = arguments.text("isolation")
    if isolation.lower() not in ("", "default"):
        raise InvalidParameter(f'Unsupported isolation: "{isolation}"')
    call = _call(arguments)
    if app.client.endpoint.scheme == "unix" and app.client.server.startswith("Boxship/"):
        from boxship.cli.builds.here import build_here

        return build_here(app, arguments, call)
    from boxship.cli.builds.elsewhere import build_elsewhere

    return build_elsewhere(app, arguments, call)


def _call(arguments: Arguments) -> str:
    """What is to be done with the Dockerfile."""
    call = arguments.text("call") or "build"
    if arguments.on("check"):
        call = "check"
    if arguments.on("plan"):
        return "plan"
    name, _, form = call.partition(",")
    name = "check" if name == "lint" else name
    if name not in CALLS or form not in ("", "format=json", "format=text", "json"):
        raise InvalidParameter(f"invalid call method {call}")
    return f"{name},json" if form.endswith("json") else name


COMMAND = Command(
    _run,
    "[OPTIONS] PATH | URL | -",
    (
        many("add-host", "Line of /etc/hosts, NAME:ADDRESS", parse=extra_host),
        many("build-arg", "Value of an ARG, NAME=VALUE"),
        many("build-context", "Another context, NAME=DIRECTORY, NAME=docker-image://… or an URL"),
        many("cache-from", "Where layers may come from: an image, or type=KIND,…"),
        many("cache-to", "Where layers are kept for other builds: type=KIND,…"),
        Flag("call", "What to do: build, check, outline or targets", shows="string"),
        Flag("cgroup-parent", "Control group that steps run in"),
        switch("check", "Check the Dockerfile and build nothing"),
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
        switch("load", "Store the image here (--output type=docker)"),
        Flag("memory", "Memory that a step may use", "bytes", short="m"),
        Flag("memory-swap", "Memory and swap together, -1 without limit", "swap"),
        Flag("metadata-file", "File that takes what is known of the result, as JSON"),
        Flag("network", "Network that steps run in"),
        switch("no-cache", "Carry every step out again"),
        many("no-cache-filter", "Stage that is built again"),
        many("output", "What becomes of the result: DIRECTORY, - or type=KIND,dest=PATH", "o"),
        switch("plan", "Print the stages and steps instead of building"),
        many("platform", "Platform of the image, os/arch"),
        Flag("progress", "How to show progress: auto, plain, tty, rawjson or quiet"),
        switch("pull", "Ask the registry for newer base images"),
        switch("push", "Push the image (--output type=registry)"),
        switch("quiet", "Print nothing but the image's ID", "q"),
        switch("rm", "Remove the containers of steps", default=True),
        many("secret", "Secret for steps, id=NAME,src=FILE or id=NAME,env=VARIABLE"),
        many("security-opt", "Security option of steps"),
        Flag("shm-size", "Size of /dev/shm", "bytes"),
        switch("squash", "Make one layer of the new ones"),
        many("ssh", "SSH agent for steps: default, ID=SOCKET or ID=KEY"),
        many("tag", "Name of the image, NAME:TAG", "t"),
        Flag("target", "Stage to build"),
        many("ulimit", "Process limit, NAME=SOFT[:HARD]", parse=parse_ulimit),
    ),
    least=1,
    most=1,
)
