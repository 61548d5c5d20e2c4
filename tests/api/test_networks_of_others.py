"""What is not the daemon's stays: interfaces that requests name, the rules of others."""

import dataclasses
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from boxship.kernel import rtnetlink
from boxship.network import namespace
from boxship.network.namespace import Namespace
from support import engines
from support.api import Answer, Api
from support.engines import Engine

NAME = "com.docker.network.bridge.name"
#: What would end the daemon's command for nftables, and begin one of its own.
MORE = "x }\nadd table ip injected\n#"


@pytest.fixture
def host(boxship_daemon: Engine) -> Iterator[Namespace]:
    found = namespace.of_process(boxship_daemon.pid)
    yield found
    gone = (rtnetlink.delete_link(name) for name in ("theirs", "cable"))
    found.channel.run(list(gone))
    found.close()


@pytest.fixture
def create(api: Api) -> Iterator[Any]:
    def work(name: str, **body: Any) -> Answer:
        return api("POST", "/networks/create", {"Name": name, **body})

    yield work
    api.clean()
    api("POST", "/networks/prune")


def links(inside: Namespace) -> dict[str, rtnetlink.Link]:
    """Without what containers and networks of earlier tests may still leave, and its traces."""
    return {
        link.name: dataclasses.replace(link, carries=False)
        for link in rtnetlink.links(inside.channel)
        if not link.name.startswith(("veth", "bx-"))
    }


def ip(inside: Namespace, command: str) -> None:
    inside.run(lambda: subprocess.run(["ip", *command.split()], check=True))


@pytest.mark.parametrize("name", ["lo", "all", "default", "cable"])
def test_names_that_no_bridge_can_have(create: Any, host: Namespace, name: str) -> None:
    ip(host, "link add cable type veth peer name cable1")
    before = links(host)
    assert create("odd", Options={NAME: name}).status >= 400
    assert links(host) == before


@pytest.mark.parametrize(
    "name", ["br;x{}", "br$x", "br'x`", "b\u00e9\u4e16", "-h", "br\x01\x7f", "br#"]
)
def test_odd_names_are_names(api: Api, create: Any, host: Namespace, name: str) -> None:
    """Of bridges, of parents, and in nftables."""
    assert create("odd", Options={NAME: name}).status == 201
    assert name in links(host)
    body = {"Image": "busybox", "Cmd": ["true"], "HostConfig": {"NetworkMode": "odd"}}
    made = api("POST", "/containers/create", body)
    assert api("POST", f"/containers/{made.json['Id']}/start").status == 204
    api("DELETE", f"/containers/{made.json['Id']}?force=1")
    assert api("DELETE", "/networks/odd").status == 204


@pytest.mark.parametrize("name", ["a b", "a/b", 'a"b', "a\nb", "a*", "a%d", ".", "..", "x" * 16])
def test_names_that_mean_more_are_refused(create: Any, host: Namespace, name: str) -> None:
    before = links(host)
    assert create("odd", Options={NAME: name}).status == 400
    assert create("odd", Driver="macvlan", Options={"parent": name}).status >= 400
    assert links(host) == before


def test_a_users_bridge_stays_with_what_it_has(api: Api, create: Any, host: Namespace) -> None:
    ip(host, "link add theirs type bridge")
    ip(host, "addr add 192.0.2.77/24 dev theirs")
    index = links(host)["theirs"].index
    own = rtnetlink.addresses(host.channel, index)
    assert create("on", Options={NAME: "theirs"}).status == 201
    assert create("also", Options={NAME: "theirs"}).status == 403
    assert set(own) < set(rtnetlink.addresses(host.channel, index))
    assert api("DELETE", "/networks/on").status == 204
    assert links(host)["theirs"].index == index
    assert set(own) <= set(rtnetlink.addresses(host.channel, index))


def test_a_bridge_of_another_daemon_is_refused(create: Any, host: Namespace) -> None:
    ip(host, "link add theirs type bridge")
    host.channel.require([rtnetlink.set_alias(links(host)["theirs"].index, "boxship other")])
    answer = create("on", Options={NAME: "theirs"})
    assert "existing interface theirs is another daemon's" in answer.message
    assert rtnetlink.addresses(host.channel, links(host)["theirs"].index) == []


def test_a_bridge_that_is_a_parent_stays_until_both_are_gone(
    api: Api, create: Any, host: Namespace
) -> None:
    assert create("below", Options={NAME: "ours"}).status == 201
    assert create("above", Driver="macvlan", Options={"parent": "ours"}).status == 201
    assert api("DELETE", "/networks/above").status == 204
    assert "ours" in links(host)
    assert create("above", Driver="macvlan", Options={"parent": "ours"}).status == 201
    assert api("DELETE", "/networks/below").status == 204
    assert "ours" in links(host)
    # The default bridge is not there before it is needed; with it a network may lie above it.
    identity = api.create("box", {"NetworkMode": "bridge"})
    api.start(identity)
    assert create("upper", Driver="macvlan", Options={"parent": "boxship0"}).status == 201
    assert api("DELETE", "/networks/upper").status == 204
    assert "boxship0" in links(host)


def tables(inside: Namespace) -> str:
    command = ["nft", "list", "tables"]
    return inside.run(lambda: subprocess.run(command, capture_output=True, text=True)).stdout


def _start(api: Api, host_config: dict[str, Any], **config: Any) -> Answer:
    body = {"Image": "busybox", "Cmd": ["sleep", "100"], "HostConfig": host_config, **config}
    made = api("POST", "/containers/create", body)
    return api("POST", f"/containers/{made.json['Id']}/start") if made.status == 201 else made


def test_no_text_becomes_a_command(api: Api, create: Any, host: Namespace) -> None:
    """Of a request, nor of an image: it says which ports it exposes, and of what protocol."""
    rows = [{"Subnet": f"fd00:7::%{MORE}/64"}]
    assert create("odd", EnableIPv6=True, IPAM={"Config": rows}).status == 400
    routed = {"com.docker.network.bridge.gateway_mode_ipv4": "routed"}
    assert create("routed", Options=routed).status == 201
    exposed = {f"80/tcp {MORE}": {}}
    answer = _start(api, {"NetworkMode": "routed", "PublishAllPorts": True}, ExposedPorts=exposed)
    assert (answer.status, answer.message[:14]) == (400, "invalid proto:")
    for mode in ("routed", "bridge"):
        bound = {f"80/tcp {MORE}": [{"HostPort": "80"}]}
        assert _start(api, {"NetworkMode": mode, "PortBindings": bound}).status == 400
        zoned = {"80/tcp": [{"HostIp": f"fe80::1%{MORE}", "HostPort": "8123"}]}
        assert _start(api, {"NetworkMode": mode, "PortBindings": zoned}).status == 400
    assert "injected" not in tables(host)


def test_links_take_no_word_of_images(tmp_path_factory: pytest.TempPathFactory) -> None:
    with engines.running("boxship", "--icc=false") as engine:
        api = Api(str(engine.socket))
        inside = namespace.of_process(engine.pid)
        try:
            exposed = {f"80/tcp . 1 {MORE}": {}, "81/tcp": {}}
            body = {"Image": "busybox", "Cmd": ["sleep", "100"], "ExposedPorts": exposed}
            assert api("POST", "/containers/create", body, name="one").status == 201
            assert api("POST", "/containers/one/start").status == 204
            linked = {"NetworkMode": "bridge", "Links": ["one:one"]}
            assert _start(api, linked).status == 204
            command = ["nft", "list", "ruleset"]
            rules = inside.run(lambda: subprocess.run(command, capture_output=True, text=True))
            assert "injected" not in rules.stdout
            assert ". tcp . 81" in rules.stdout
        finally:
            inside.close()
