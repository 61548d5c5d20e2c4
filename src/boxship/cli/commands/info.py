"""``boxship info``: what the daemon is and holds."""

from __future__ import annotations

from boxship import __version__
from boxship.base.errors import BoxshipError, InvalidParameter
from boxship.cli.command import Command
from boxship.cli.flags.flag import object_format
from boxship.cli.output.units import binary_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments

    Info = dict[str, Any]


def _run(app: App, arguments: Arguments) -> int:
    try:
        info, error = app.client.json("GET", "/info"), None
    except BoxshipError as problem:
        info, error = None, problem
    client = {"Version": __version__, "Context": app.context, "Debug": app.options.on("debug")}
    template = arguments.text("format")
    if template:
        from boxship.cli.output.objects import render

        try:
            app.print(render(template, {**(info or {}), "ClientInfo": client}))
        except InvalidParameter:
            app.print()
            raise
    else:
        app.print("\n".join(_lines(client, info)))
    if error:
        app.warn(f"ERROR: {error}\nerrors pretty printing info")
        return 1
    for warning in (info or {}).get("Warnings") or []:
        app.warn(warning)
    return 0


def _lines(client: Info, info: Info | None) -> Iterator[str]:
    yield "Client:"
    yield f" Version:    {client['Version']}"
    yield f" Context:    {client['Context']}"
    yield f" Debug Mode: {_bool(client['Debug'])}"
    yield "\nServer:"
    if info is not None:
        yield from _counts(info)
        yield from _drivers(info)
        yield from _runtimes(info)
        yield from _host(info)
        yield from _settings(info)
        yield ""


def _bool(value: object) -> str:
    return "true" if value else "false"


def _counts(info: Info) -> Iterator[str]:
    yield f" Containers: {info.get('Containers', 0)}"
    yield f"  Running: {info.get('ContainersRunning', 0)}"
    yield f"  Paused: {info.get('ContainersPaused', 0)}"
    yield f"  Stopped: {info.get('ContainersStopped', 0)}"
    yield f" Images: {info.get('Images', 0)}"


def _drivers(info: Info) -> Iterator[str]:
    yield from _given(info, ("ServerVersion", "Server Version"), ("Driver", "Storage Driver"))
    for name, value in info.get("DriverStatus") or []:
        yield f"  {name}: {value}"
    yield from _given(
        info,
        ("LoggingDriver", "Logging Driver"),
        ("CgroupDriver", "Cgroup Driver"),
        ("CgroupVersion", "Cgroup Version"),
    )
    yield " Plugins:"
    plugins = info.get("Plugins") or {}
    for kind in ("Volume", "Network", "Authorization", "Log"):
        if plugins.get(kind):
            yield f"  {kind}: {' '.join(plugins[kind])}"


def _runtimes(info: Info) -> Iterator[str]:
    swarm = info.get("Swarm") or {}
    yield f" Swarm: {swarm.get('LocalNodeState') or 'inactive'}"
    if info.get("Runtimes"):
        yield f" Runtimes: {' '.join(sorted(info['Runtimes'], key=_runtime_order))}"
    yield from _given(info, ("DefaultRuntime", "Default Runtime"), ("InitBinary", "Init Binary"))
    for field, title in (
        ("ContainerdCommit", "containerd"),
        ("RuncCommit", "runc"),
        ("InitCommit", "init"),
    ):
        if info.get(field):
            yield f" {title} version: {info[field].get('ID', '')}"
    if info.get("SecurityOptions"):
        yield " Security Options:"
        yield from _security(info["SecurityOptions"])


def _runtime_order(name: str) -> tuple[int, str]:
    return (name.count("."), name)


def _security(options: list[str]) -> Iterator[str]:
    for option in options:
        pairs = [pair.partition("=") for pair in option.split(",")]
        for name, _, value in pairs:
            if name == "name":
                yield f"  {value}"
            else:
                yield f"   {name.capitalize()}: {value}"


def _host(info: Info) -> Iterator[str]:
    yield from _given(
        info,
        ("KernelVersion", "Kernel Version"),
        ("OperatingSystem", "Operating System"),
        ("OSType", "OSType"),
        ("Architecture", "Architecture"),
        ("NCPU", "CPUs"),
    )
    yield f" Total Memory: {binary_size(info.get('MemTotal', 0))}"
    yield from _given(
        info,
        ("Name", "Name"),
        ("ID", "ID"),
        ("DockerRootDir", "Docker Root Dir"),
    )
    yield f" Debug Mode: {_bool(info.get('Debug'))}"


def _settings(info: Info) -> Iterator[str]:
    yield from _given(
        info,
        ("HttpProxy", "HTTP Proxy"),
        ("HttpsProxy", "HTTPS Proxy"),
        ("NoProxy", "No Proxy"),
    )
    if info.get("Labels"):
        yield " Labels:"
        yield from (f"  {label}" for label in info["Labels"])
    yield f" Experimental: {_bool(info.get('ExperimentalBuild'))}"
    registries = (info.get("RegistryConfig") or {}).get("InsecureRegistryCIDRs")
    if registries:
        yield " Insecure Registries:"
        yield from (f"  {registry}" for registry in registries)
    yield f" Live Restore Enabled: {_bool(info.get('LiveRestoreEnabled'))}"


def _given(info: Info, *fields: tuple[str, str]) -> Iterator[str]:
    for field, title in fields:
        if info.get(field) not in (None, ""):
            yield f" {title}: {info[field]}"


COMMAND = Command(_run, "[OPTIONS]", (object_format(),))
