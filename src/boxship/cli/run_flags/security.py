"""What the container may do: capabilities, profiles, devices, kernel settings."""

from __future__ import annotations

from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, many, switch
from boxship.cli.run_flags.placed import Placed, key_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.run_flags.placed import Body

_SYSCTLS = frozenset(
    f"kernel.{name}"
    for name in [
        "msgmax",
        "msgmnb",
        "msgmni",
        "sem",
        "shmall",
        "shmmax",
        "shmmni",
        "shm_rmid_forced",
    ]
)
_SYSCTL_PREFIXES = ("net.", "fs.mqueue.")


def _sysctl(text: str) -> str:
    name = text.partition("=")[0]
    if name not in _SYSCTLS and not name.startswith(_SYSCTL_PREFIXES):
        raise ValueError(f"sysctl '{text}' is not allowed")
    return text


def _device_rule(text: str) -> str:
    words = text.split(" ")
    good = len(words) == 3 and words[0] in ("a", "b", "c") and set(words[2]) <= set("rwm")
    if not good or not all(part.isdigit() or part == "*" for part in words[1].split(":", 1)):
        raise ValueError(f"invalid device cgroup format '{text}'")
    return text


ROWS = (
    Placed(switch("privileged", "Lift almost every restriction"), "HostConfig.Privileged"),
    Placed(many("cap-add", "Capability to add"), "HostConfig.CapAdd"),
    Placed(many("cap-drop", "Capability to drop"), "HostConfig.CapDrop"),
    Placed(many("security-opt", "Security option, such as seccomp=FILE")),
    Placed(
        many("sysctl", "Kernel setting, NAME=VALUE", shows="map", parse=_sysctl),
        "HostConfig.Sysctls",
        key_values,
    ),
    Placed(many("device", "Device to hand in, HOST[:INSIDE[:rwm]]")),
    Placed(
        many(
            "device-cgroup-rule",
            "Rule of allowed devices, 'TYPE MAJOR:MINOR MODE'",
            parse=_device_rule,
        ),
        "HostConfig.DeviceCgroupRules",
    ),
    Placed(
        Flag(
            "gpus",
            "Graphics processors to hand in ('all' for all)",
            shows="gpu-request",
            parse=lambda text: _gpus(text),
        )
    ),
    Placed(Flag("runtime", "Runtime to use"), "HostConfig.Runtime"),
    Placed(Flag("isolation", "Isolation technology"), "HostConfig.Isolation"),
)


def apply(arguments: Arguments, body: Body) -> None:
    host = body["HostConfig"]
    options = [_security_option(text) for text in arguments.texts("security-opt")]
    if "systempaths=unconfined" in options:
        # The only option that is for the client: no path is masked or read-only.
        host["MaskedPaths"], host["ReadonlyPaths"] = [], []
        options = [text for text in options if text != "systempaths=unconfined"]
    if options:
        host["SecurityOpt"] = options
    _devices(arguments, host)


def _security_option(text: str) -> str:
    name, separator, value = text.partition("=")
    if not separator and text != "no-new-privileges":
        name, separator, value = text.partition(":")
        if not separator:
            raise Failed(f'Invalid --security-opt: "{text}"')
    if name == "seccomp" and value not in ("unconfined", "builtin"):
        return f"seccomp={_profile(value)}"
    return text


def _profile(path: str) -> str:
    """The daemon may be elsewhere: it gets the file's content."""
    import json

    try:
        with open(path, encoding="utf-8") as file:
            return json.dumps(json.load(file), separators=(",", ":"))
    except OSError as error:
        reason = f"open {path}: {(error.strerror or '').lower()}"
        raise Failed(f"opening seccomp profile ({path}) failed: {reason}") from error
    except ValueError as error:
        raise Failed(
            f"compacting json for seccomp profile ({path}) failed: {error}", 125
        ) from error


def _devices(arguments: Arguments, host: Body) -> None:
    requests: list[object] = []
    devices: list[Body] = []
    for text in arguments.texts("device"):
        if "=" in text and not text.startswith("/"):
            requests.append({"Driver": "cdi", "DeviceIDs": [text]})
        else:
            devices.append(_device(text))
    if arguments.given("gpus"):
        requests.append(arguments.value("gpus"))
    if devices:
        host["Devices"] = devices
    if requests:
        host["DeviceRequests"] = requests


def _device(text: str) -> Body:
    parts = text.split(":")
    if len(parts) > 3 or not parts[0]:
        raise Failed(f"bad format for path: {text}")
    inside, mode = parts[0], "rwm"
    if len(parts) == 3:
        inside, mode = parts[1], parts[2]
    elif len(parts) == 2 and parts[1] and set(parts[1]) <= set("rwm"):
        mode = parts[1]
    elif len(parts) == 2:
        inside = parts[1]
    if set(mode) - set("rwm"):
        raise Failed(f"bad mode specified: {mode}")
    if not inside.startswith("/"):
        raise Failed(f"{inside} is not an absolute path")
    return {
        "PathOnHost": parts[0],
        "PathInContainer": inside,
        "CgroupPermissions": mode,
    }


def _gpus(text: str) -> Body:
    request: Body = {"Capabilities": [["gpu"]], "Count": 0}
    seen = set()
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if name in seen:
            raise ValueError(f"gpu request key '{name}' can be specified only once")
        if not equals:
            name, value = "count", part
        seen.add(name)
        if name == "count":
            request["Count"] = _gpu_count(value)
        elif name == "device":
            request["DeviceIDs"] = [*request.get("DeviceIDs", []), value]
        elif name in ("driver", "capabilities"):
            request["Driver" if name == "driver" else "Capabilities"] = (
                value if name == "driver" else [["gpu", value]]
            )
        else:
            raise ValueError(f"unexpected key '{name}' in '{part}'")
    return request


def _gpu_count(text: str) -> int:
    if text == "all":
        return -1
    if not text.isdigit():
        raise ValueError(
            f'count must be an integer: strconv.Atoi: parsing "{text}": invalid syntax'
        )
    return int(text)
