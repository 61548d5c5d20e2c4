"""The processes of a container, by the host's ps(1)."""

import asyncio
from typing import TYPE_CHECKING

from boxship.base.errors import Internal, InvalidParameter
from boxship.engine.containers import events, states

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_DEFAULT = "-ef"


async def top(engine: "Engine", reference: str, ps_args: str = "") -> dict[str, list[object]]:
    """``GET /containers/{id}/top``: titles and rows of the processes in the container's cgroup."""
    live = engine.containers.get(reference)
    states.check(live.container, "top", reference)
    arguments = (ps_args or _DEFAULT).split()
    path = engine.cgroups.path_of(live.container.host_config.cgroup_parent, live.id)
    pids = set(engine.cgroups.processes(path))
    output = await _ps([*arguments, "-q", ",".join(map(str, sorted(pids)))], fallback=arguments)
    # The number of one that has ended meanwhile may be another's, of whom nobody is told here.
    pids.intersection_update(engine.cgroups.processes(path))
    events.emit(engine, live.container, "top")
    return _select(output, pids)


async def _ps(arguments: list[str], fallback: list[str]) -> str:
    """ps with a list of pids if it can take one; else all processes."""
    code, output, error = await _run(arguments)
    if code:
        code, output, error = await _run(fallback)
    if code:
        first = (error or output).strip().splitlines()
        raise InvalidParameter(f"ps: {first[0] if first else 'failed'}")
    return output


async def _run(arguments: list[str]) -> tuple[int, str, str]:
    try:
        process = await asyncio.create_subprocess_exec(
            "ps", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except OSError as error:
        raise Internal(f"cannot run ps on the host: {error.strerror}") from None
    output, errors = await process.communicate()
    return process.returncode or 0, output.decode("utf-8", "replace"), errors.decode()


def _select(output: str, pids: set[int]) -> dict[str, list[object]]:
    lines = output.splitlines()
    titles = lines[0].split() if lines else []
    if "PID" not in titles:
        raise InvalidParameter("Couldn't find PID field in ps output")
    column = titles.index("PID")
    rows: list[object] = []
    for line in lines[1:]:
        fields = line.split(None, len(titles) - 1)
        if len(fields) > column and fields[column].isdigit() and int(fields[column]) in pids:
            rows.append(fields)
    return {"Titles": [*titles], "Processes": rows}
