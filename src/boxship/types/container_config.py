"""A container's portable configuration (Engine API, definition ``ContainerConfig``)."""

from boxship.types.model import Int64, KeySet, Model, StringList, StringMap, Strings


class HealthConfig(Model):
    """How to probe a container. Durations are nanoseconds; 0 inherits from the image."""

    test: Strings = None
    interval: Int64 = 0
    timeout: Int64 = 0
    start_period: Int64 = 0
    start_interval: Int64 = 0
    retries: Int64 = 0


class ContainerConfig(Model):
    """What an image can also carry. ``stop_timeout`` is in seconds."""

    hostname: str = ""
    domainname: str = ""
    user: str = ""
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    exposed_ports: KeySet = None
    tty: bool = False
    open_stdin: bool = False
    stdin_once: bool = False
    env: Strings = None
    cmd: StringList = None
    healthcheck: HealthConfig | None = None
    args_escaped: bool = False
    image: str = ""
    volumes: KeySet = None
    working_dir: str = ""
    entrypoint: StringList = None
    network_disabled: bool = False
    mac_address: str = ""
    on_build: Strings = None
    labels: StringMap = None
    stop_signal: str = ""
    stop_timeout: Int64 | None = None
    shell: StringList = None


#: Keys of :class:`ContainerConfig` that Docker leaves out of its answers while they are empty.
OMITTED_WHEN_EMPTY = frozenset(
    {
        "ExposedPorts",
        "Healthcheck",
        "ArgsEscaped",
        "NetworkDisabled",
        "MacAddress",
        "StopSignal",
        "Shell",
    }
)
#: Keys that Docker leaves out only when they are absent: 0 is an answer.
OMITTED_WHEN_NULL = frozenset({"StopTimeout"})
