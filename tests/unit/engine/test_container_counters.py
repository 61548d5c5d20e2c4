"""What a container's interfaces have counted, by its first process's number."""

import os
from pathlib import Path

from boxship.engine.containers.container import Container, State
from boxship.engine.containers.stats import network_counters
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig

OWN = os.getpid()


def container(mode: str = "bridge") -> Container:
    return Container(
        id="c",
        name="box",
        created=0,
        image_id="",
        config=ContainerConfig(),
        host_config=HostConfig(network_mode=mode),
        state=State(status="running", pid=OWN),
    )


def test_interfaces_of_the_process() -> None:
    lines = Path("/proc/self/net/dev").read_text().splitlines()[2:]
    names = {line.partition(":")[0].strip() for line in lines}
    assert set(network_counters(container(), lambda: [OWN]) or ()) == names - {"lo"}


def test_a_number_that_is_another_s_by_now_tells_nothing() -> None:
    assert network_counters(container(), lambda: [OWN + 1]) == {}


def test_no_network_of_its_own() -> None:
    for mode in ("none", "host", "container:other"):
        assert network_counters(container(mode), lambda: [OWN]) is None
