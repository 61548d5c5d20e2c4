"""/etc/hosts of containers, and what links tell."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from boxship.base.errors import Internal
from boxship.engine.containers import hosts, links
from boxship.engine.containers.container import Container, State
from boxship.engine.containers.store import MIGRATIONS, Containers, Live
from boxship.engine.networks.network import Network, Subnet
from boxship.state.database import Database
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig
from boxship.types.networking import EndpointSettings

#: The id of the one that others link to.
DB = "d" * 64
LOCAL = (
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::0\tip6-localnet\n"
    "ff00::0\tip6-mcastprefix\n"
    "ff02::1\tip6-allnodes\n"
    "ff02::2\tip6-allrouters\n"
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Any]:
    """As much of one as these modules look at."""
    database = Database(tmp_path / "test.db", MIGRATIONS)
    subnet = Subnet(subnet="172.17.0.0/16", gateway="172.17.0.1")
    bridge = Network(id="n" * 64, name="bridge", driver="bridge", created=0, subnets=[subnet])
    yield SimpleNamespace(
        containers=Containers(database),
        networks=SimpleNamespace(default=bridge),
        options=SimpleNamespace(host_gateway=""),
    )
    database.close()


def made(engine: Any, name: str, address: str = "172.17.0.2", **changes: Any) -> Container:
    """A running container of *engine*; changes are of configuration and host configuration."""
    config, host = ContainerConfig(), HostConfig(network_mode="bridge")
    for key, value in changes.items():
        setattr(config if hasattr(config, key) else host, key, value)
    container = Container(
        id=name[0] * 64,
        name=name,
        created=0,
        image_id="",
        config=config,
        host_config=host,
        state=State(status="running"),
        endpoints={host.network_mode: EndpointSettings(ip_address=address)},
    )
    engine.containers.reserve(name, container.id)
    engine.containers._adopt(Live(container))
    return container


def test_a_file_begins_with_loopback_and_ends_with_its_own(engine: Any) -> None:
    box = made(engine, "box", domainname="dom.test")
    box.endpoints["more"] = EndpointSettings(ip_address="10.1.0.2", global_ipv6_address="fd00::2")
    assert hosts.text(engine, box, "name") == LOCAL + (
        "172.17.0.2\tname.dom.test name\n"
        "10.1.0.2\tname.dom.test name\n"
        "fd00::2\tname.dom.test name\n"
    )


def test_added_hosts_and_the_gateway(engine: Any) -> None:
    extra = ["one:1.2.3.4", "six=::1", "up:host-gateway"]
    box = made(engine, "box", extra_hosts=extra, network_mode="none", address="")
    assert hosts.text(engine, box, "name") == LOCAL + ("1.2.3.4\tone\n::1\tsix\n172.17.0.1\tup\n")


def test_the_gateway_that_the_daemon_is_told(engine: Any) -> None:
    engine.options.host_gateway = "192.0.2.1"
    box = made(engine, "box", extra_hosts=["up:host-gateway"], network_mode="none", address="")
    assert hosts.text(engine, box, "name") == LOCAL + "192.0.2.1\tup\n"


def test_links_are_added_with_all_names(engine: Any) -> None:
    made(engine, "db", hostname="dbhost")
    box = made(engine, "box", "172.17.0.3", links=[f"{DB}:alias", f"{DB}:db"])
    assert hosts.text(engine, box, "name") == LOCAL + (
        "172.17.0.2\talias dbhost db\n172.17.0.2\tdb dbhost\n172.17.0.3\tname\n"
    )


def test_what_the_user_wrote_stays_when_networks_change(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text(LOCAL + "10.0.0.2\tbox\n9.9.9.9 nine\n")
    hosts.change_own(str(path), ["10.0.0.2\tbox"], ["10.0.0.2\tbox", "10.1.0.2\tbox"])
    assert path.read_text() == LOCAL + "10.0.0.2\tbox\n9.9.9.9 nine\n10.1.0.2\tbox\n"
    hosts.change_own(str(path), ["10.0.0.2\tbox", "10.1.0.2\tbox"], ["10.1.0.2\tbox"])
    assert path.read_text() == LOCAL + "9.9.9.9 nine\n10.1.0.2\tbox\n"


def test_those_who_link_learn_another_address(engine: Any, tmp_path: Path) -> None:
    db = made(engine, "db")
    box = made(engine, "box", "172.17.0.3", links=[f"{DB}:alias"])
    box.hosts_path = str(tmp_path / "hosts")
    engine.containers.get("box").shim = object()
    Path(box.hosts_path).write_text(hosts.text(engine, box, "name") + "9.9.9.9 nine\n")
    db.endpoints["bridge"].ip_address = "172.17.0.9"
    hosts.tell_linking(engine, db)
    text = Path(box.hosts_path).read_text()
    assert "172.17.0.9\talias" in text and "172.17.0.2\t" not in text and "9.9.9.9 nine" in text


def test_variables_of_a_link(engine: Any) -> None:
    ports = {f"{port}/tcp": {} for port in (80, 81, 82, 5432)} | {"53/udp": {}}
    made(engine, "db", exposed_ports=ports, env=["A=b=c", "HOME=/x", "PATH=/y"])
    box = made(engine, "box", "172.17.0.3", links=[f"{DB}:the-db"])
    found = dict(row.split("=", 1) for row in links.environment(engine, box))
    assert found["THE_DB_NAME"] == "/box/the-db"
    assert found["THE_DB_PORT"] == "udp://172.17.0.2:53"
    assert found["THE_DB_PORT_5432_TCP"] == "tcp://172.17.0.2:5432"
    assert found["THE_DB_PORT_5432_TCP_ADDR"] == "172.17.0.2"
    assert found["THE_DB_PORT_5432_TCP_PORT"] == "5432"
    assert found["THE_DB_PORT_53_UDP_PROTO"] == "udp"
    assert found["THE_DB_PORT_80_TCP_START"] == "tcp://172.17.0.2:80"
    assert found["THE_DB_PORT_80_TCP_END"] == "tcp://172.17.0.2:82"
    assert found["THE_DB_ENV_A"] == "b=c"
    assert not {"THE_DB_ENV_HOME", "THE_DB_ENV_PATH"} & set(found)


def test_links_to_what_cannot_be_reached(engine: Any) -> None:
    db = made(engine, "db")
    box = made(engine, "box", links=[f"{DB}:alias"])
    db.state.status = "exited"
    with pytest.raises(Internal) as stopped:
        links.check(engine, box)
    assert str(stopped.value) == "Cannot link to a non running container: /db AS /box/alias"
    db.endpoints = {"none": EndpointSettings()}
    with pytest.raises(Internal) as elsewhere:
        links.check(engine, box)
    text = "Cannot link to /db, as it does not belong to the default network"
    assert str(elsewhere.value) == text


def test_links_on_other_networks_are_no_variables(engine: Any) -> None:
    made(engine, "db")
    box = made(engine, "box", links=[f"{DB}:alias"], network_mode="mine")
    assert links.environment(engine, box) == []
    assert links.names_of(engine) == {}


def test_links_give_containers_more_names(engine: Any) -> None:
    db = made(engine, "db")
    made(engine, "box", links=[f"{DB}:alias", f"{DB}:db"])
    assert links.names_of(engine) == {db.id: ["/box/alias", "/box/db"]}
