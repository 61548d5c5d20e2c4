"""GET /info: the engine and its host, in figures."""

from typing import Any

import boxship
from boxship.api.engine import Engine
from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.api.versions import adapt_response
from boxship.base.times import now_ns, rfc3339
from boxship.engine.host import Host, bridge_filter, host, ip_forwarding, open_descriptors

_INDEX = "https://index.docker.io/v1/"
_RUNTIME = "boxship"


async def info(engine: Engine, request: Request) -> Response:
    answer = {
        **_host_part(host()),
        **_constant_part(),
        "NFd": open_descriptors(),
        "NEventsListener": engine.events.listeners,
        "SystemTime": rfc3339(now_ns()),
        **await engine.system_info(),
    }
    return Json(adapt_response("info", request.version, answer))


def _host_part(here: Host) -> dict[str, Any]:
    has = here.cgroup_controllers.__contains__
    first = here.cgroup_version == 1
    return {
        "Name": here.name,
        "KernelVersion": here.kernel,
        "OperatingSystem": here.system,
        "OSVersion": here.system_version,
        "OSType": "linux",
        "Architecture": here.machine,
        "NCPU": here.cpus,
        "MemTotal": here.memory,
        "CgroupDriver": "cgroupfs",
        "CgroupVersion": str(here.cgroup_version),
        "MemoryLimit": has("memory"),
        "SwapLimit": has("memory"),
        "KernelMemoryTCP": has("memory") and first,
        "OomKillDisable": has("memory") and first,
        "CpuCfsPeriod": has("cpu"),
        "CpuCfsQuota": has("cpu"),
        "CPUShares": has("cpu"),
        "CPUSet": has("cpuset"),
        "PidsLimit": has("pids"),
        "IPv4Forwarding": ip_forwarding(),
        "BridgeNfIptables": bridge_filter("iptables"),
        "BridgeNfIp6tables": bridge_filter("ip6tables"),
    }


def _constant_part() -> dict[str, Any]:
    no_commit = {"ID": "", "Expected": ""}
    return {
        "DriverStatus": [],
        "Plugins": {
            "Volume": ["local"],
            "Network": ["bridge", "host", "ipvlan", "macvlan", "null"],
            "Authorization": None,
            "Log": ["json-file", "local", "none"],
        },
        "Debug": False,
        "NGoroutines": 0,
        "IndexServerAddress": _INDEX,
        "GenericResources": None,
        "ExperimentalBuild": False,
        "ServerVersion": boxship.__version__,
        "Runtimes": {_RUNTIME: {"path": _RUNTIME}},
        "DefaultRuntime": _RUNTIME,
        "Swarm": {
            "NodeID": "",
            "NodeAddr": "",
            "LocalNodeState": "inactive",
            "ControlAvailable": False,
            "Error": "",
            "RemoteManagers": None,
        },
        "Isolation": "",
        "InitBinary": "",
        "ContainerdCommit": no_commit,
        "RuncCommit": no_commit,
        "InitCommit": no_commit,
        "CDISpecDirs": [],
    }
