"""Published ports lead to the network that has the default route, whichever that is by now."""

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from support import engines
from support.api import Answer, Api
from support.waiting import eventually

V = "/v1.51"
BIND = "com.docker.network.bridge.host_binding_ipv4"
#: Tells the addresses of the connection by which it is asked.
SERVER = r"""
mkdir -p /w/cgi-bin; cd /w/cgi-bin
printf '#!/bin/sh\necho; exec netstat -tn\n' > where; chmod +x where
exec httpd -f -p 80 -h /w
"""
NETWORKS = {"aa": 0, "bb": 1, "cc": 2}


@pytest.fixture
def nets(api: Api) -> Iterator[Api]:
    for name, number in NETWORKS.items():
        _make(api, name, f"10.68.{number}.0/24")
    yield api
    api.clean()
    api("POST", "/networks/prune")


def _make(api: Api, name: str, subnet: str, **options: Any) -> None:
    body = {"Name": name, "IPAM": {"Config": [{"Subnet": subnet}]}, **options}
    assert api("POST", "/networks/create", body).status == 201


def _join(api: Api, name: str, **settings: Any) -> Answer:
    body = {"Container": "web", "EndpointConfig": settings}
    return api("POST", f"{V}/networks/{name}/connect", body)


def _leave(api: Api, name: str) -> None:
    assert api("POST", f"/networks/{name}/disconnect", {"Container": "web"}).status == 200


def _web(api: Api, network: str) -> None:
    ports = {"80/tcp": [{"HostPort": "8088"}], "81/tcp": [{}]}
    api.run("web", {"NetworkMode": network, "PortBindings": ports}, Cmd=["sh", "-c", SERVER])


def _asked(engine: engines.Engine) -> str:
    """At which of its addresses the container is reached."""
    fetch = ["wget", "-T2", "-qO-", "http://127.0.0.1:8088/cgi-bin/where"]
    command = ["nsenter", "-t", str(engine.pid), "-n", "busybox", *fetch]
    text = subprocess.run(command, capture_output=True, text=True).stdout
    found = re.search(r"(10\.68\.\d+\.\d+):80 .*ESTABLISHED", text)
    return found[1] if found else ""


def _is_asked_at(engine: engines.Engine, address: str) -> None:
    """As soon as its server listens."""
    eventually(lambda: _asked(engine) != "")
    assert _asked(engine) == address


def test_with_a_network_that_comes_or_goes(nets: Api, boxship_daemon: engines.Engine) -> None:
    _web(nets, "bb")
    _is_asked_at(boxship_daemon, "10.68.1.2")
    # It has the default route, by its name.
    assert _join(nets, "aa").status == 200
    assert _asked(boxship_daemon) == "10.68.0.2"
    assert _join(nets, "cc").status == 200
    assert _asked(boxship_daemon) == "10.68.0.2"
    _leave(nets, "aa")
    assert _asked(boxship_daemon) == "10.68.1.2"
    _leave(nets, "bb")
    assert _asked(boxship_daemon) == "10.68.2.2"
    _leave(nets, "cc")
    assert _asked(boxship_daemon) == ""
    assert nets.inspect("web")["NetworkSettings"]["Ports"] == {}
    assert _join(nets, "cc").status == 200
    assert _asked(boxship_daemon) == "10.68.2.2"


def test_with_priorities(nets: Api, boxship_daemon: engines.Engine) -> None:
    _web(nets, "aa")
    _is_asked_at(boxship_daemon, "10.68.0.2")
    assert _join(nets, "bb", GwPriority=1).status == 200
    assert _asked(boxship_daemon) == "10.68.1.2"
    assert _join(nets, "cc", GwPriority=-1).status == 200
    assert _asked(boxship_daemon) == "10.68.1.2"
    _leave(nets, "bb")
    assert _asked(boxship_daemon) == "10.68.0.2"


def test_not_to_one_where_they_cannot_be(nets: Api, boxship_daemon: engines.Engine) -> None:
    """The connection fails, and they stay where they were."""
    _make(nets, "a0", "10.68.9.0/24", Options={BIND: "192.0.2.77"})
    _web(nets, "bb")
    _is_asked_at(boxship_daemon, "10.68.1.2")
    refused = _join(nets, "a0")
    assert refused.status == 500
    assert "listen tcp4 192.0.2.77:8088: bind" in refused.message
    assert list(nets.inspect("web")["NetworkSettings"]["Networks"]) == ["bb"]
    assert _asked(boxship_daemon) == "10.68.1.2"
