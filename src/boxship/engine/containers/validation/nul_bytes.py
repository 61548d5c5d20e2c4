"""The kernel's strings end at a NUL byte: none may hide in what reaches it."""

import re

import msgspec

from boxship.base.errors import InvalidParameter
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig

_ESCAPE = rb"\u0000"
#: An escape in encoded JSON, not a backslash that happens to stand before "u0000".
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def refuse_nul_bytes(config: ContainerConfig, host: HostConfig) -> None:
    """:class:`InvalidParameter` if a string other than a label holds one."""
    for variable in config.env or ():
        if "\0" in variable:
            name = variable.partition("=")[0].replace("\0", "\\x00")
            raise InvalidParameter(
                f'invalid environment variable "{name}": name or value contains nul byte (\\x00)'
            )
    unlabelled = msgspec.structs.replace(config, labels=None)
    for part, model in (("Config", unlabelled), ("HostConfig", host)):
        encoded = msgspec.json.encode(model)
        # To look for the escape alone takes next to no time, and nearly nobody has it.
        if _ESCAPE in encoded and _NUL.search(encoded):
            raise InvalidParameter(f"invalid {part}: a string contains a nul byte (\\x00)")
